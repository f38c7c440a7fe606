import fal
from fal.exceptions import FieldException
from pydantic import BaseModel


class Given(BaseModel):
    name: str


@fal.function(serve=True, machine_type="S", max_multiplexing=3, request_timeout=9)
def greet(given: Given) -> dict:
    if given.name == "nobody":
        raise FieldException("name", "nobody is there")
    return {"greeting": f"Hello, {given.name}"}

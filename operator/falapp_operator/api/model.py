"""The base of every model at the border: camelCase outside, snake_case inside, nothing unknown."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """A part of a custom resource.

    ``cel`` in a class's ``model_config["json_schema_extra"]`` becomes ``x-kubernetes-validations``;
    see `falapp_operator.api.schema`.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
    )

    def to_object(self) -> dict[str, Any]:
        """Return the model as it stands in an object: camelCase, unset fields left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def cel(rule: str, message: str) -> dict[str, JsonValue]:
    """Return one validation rule in the Common Expression Language, with its message."""
    return {"rule": rule, "message": message}


def complaint(error: ValidationError) -> str:
    """Return the first thing that is wrong with a spec, as ``field: why``, without the value."""
    first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(str(part) for part in ("spec", *first["loc"]))
    return f"{field}: {first['msg']}"


Name = Annotated[
    str,
    Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"),
]
"""The name of a Kubernetes object."""

ImageReference = Annotated[
    str, Field(min_length=1, max_length=1024, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:@-]*$")
]
"""Where an image is: registry, repository, and a tag or a digest."""

Duration = Annotated[
    str,
    Field(
        max_length=15,
        min_length=2,
        pattern=r"^([1-9][0-9]{0,3}h)?([1-9][0-9]{0,3}m)?([1-9][0-9]{0,3}s)?$",
    ),
]
"""A length of time such as ``90s``, ``20m`` or ``1h30m``; its seconds fit into 32 bits."""

_UNITS = {"h": 3600, "m": 60, "s": 1}


def seconds(duration: str) -> int:
    """Return the seconds in a `Duration`, as ``seconds("1h30m") == 5400``."""
    total, digits = 0, ""
    for character in duration:
        if character.isdigit():
            digits += character
        else:
            total, digits = total + int(digits) * _UNITS[character], ""
    return total

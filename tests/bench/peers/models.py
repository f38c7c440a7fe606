"""What every server of the comparison is asked and answers."""

from pydantic import BaseModel


class Inner(BaseModel):
    a: int = 1
    b: str = "x"


class In(BaseModel):
    prompt: str
    steps: int = 3
    scale: float = 1.5
    inner: Inner = Inner()
    tags: list[str] = []


class Out(BaseModel):
    text: str
    steps: int


def answer(given: In) -> Out:
    return Out(text=given.prompt, steps=given.steps)

"""A revision that cannot start, and whose place the one before it has again."""

from typing import Annotated

from pydantic import Field, ValidationError, field_validator

from falapp_operator.api import failure, model
from falapp_operator.api.objects import Object


class Withdrawn(model.Model):
    """A revision that was tried and is not run any more, for the sake of one that serves."""

    revision: Annotated[str, Field(min_length=1, max_length=64)]
    """The revision, as in the annotation falapp.dev/revision of its pods."""
    reason: Annotated[str, Field(min_length=1, max_length=1024)]
    """Why it did not start, as one word."""
    message: Annotated[str, Field(max_length=failure.MESSAGE_LIMIT)] = ""
    """Why it did not start, as a sentence."""

    @field_validator("message", mode="before")
    @classmethod
    def _cut(cls, text: str) -> str:
        return failure.cut(text)


def withdrawn_of(app: Object) -> Withdrawn | None:
    """Return what a FalApp's status says was withdrawn; None where it cannot be read, either."""
    try:
        return Withdrawn.model_validate(app.get("status", {}).get("withdrawn"))
    except ValidationError:
        return None

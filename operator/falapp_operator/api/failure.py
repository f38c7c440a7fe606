"""What went wrong, in the form in which an object's status shows it."""

from typing import Annotated

from pydantic import Field, field_validator

from falapp_operator.api import model

MESSAGE_LIMIT = 4096
_LOG_LIMIT = 8192


def cut(message: str) -> str:
    """Cut what lists too much: a failure that cannot be shown would hide itself."""
    return message if len(message) <= MESSAGE_LIMIT else f"{message[: MESSAGE_LIMIT - 1]}…"


class Failure(model.Model):
    """The failure that keeps an object from being ready."""

    reason: Annotated[str, Field(max_length=1024)]
    """The reason, as in the conditions."""
    message: Annotated[str, Field(max_length=MESSAGE_LIMIT)]
    """One sentence: field, value, way out."""
    log_tail: Annotated[str, Field(max_length=_LOG_LIMIT)] = ""
    """The last lines that matter, of a traceback or a build log."""
    command: Annotated[str, Field(max_length=1024)] = ""
    """A command that shows more."""

    @field_validator("message", mode="before")
    @classmethod
    def _cut(cls, text: str) -> str:
        return cut(text)

    @field_validator("log_tail", mode="before")
    @classmethod
    def _cut_log(cls, text: str) -> str:
        return text[-_LOG_LIMIT:]

"""The base of every model at the border: camelCase outside, snake_case inside, nothing unknown."""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic.alias_generators import to_camel

Predicate = Callable[[Any], bool]
_PREDICATES: dict[str, Predicate] = {}


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


def cel(rule: str, message: str, holds: Predicate | None = None) -> dict[str, JsonValue]:
    """Return one validation rule in the Common Expression Language, with its message.

    Args:
        rule: The rule, which the API server checks.
        message: What it says where the rule is broken.
        holds: The same in Python, of what ``self`` is on the wire, without fields that are null;
            `admission` asks it where there is no API server.
    """
    if holds:
        _PREDICATES[rule] = holds
    return {"rule": rule, "message": message}


def predicate(rule: str) -> Predicate:
    """Return what a rule says in Python."""
    return _PREDICATES[rule]


def one_of(*fields: str) -> Predicate:
    """Return the predicate that exactly one of the fields is there."""
    return lambda it: sum(field in it for field in fields) == 1


def complaint(error: ValidationError) -> str:
    """Return the first thing that is wrong with a spec, as ``field: why``, without the value."""
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{path(('spec', *first['loc']))}: {words(first)}"


def path(parts: Iterable[str | int]) -> str:
    """Return where something stands, as spec.env[0].name."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in parts).removeprefix(".")


_WORDS = {
    "dict_type": "is not a mapping",
    "extra_forbidden": "there is no such field",
    "model_type": "is not a mapping",
    "string_type": "is not text (put it in quotes)",
    "tuple_type": "is not a list",
}
"""For what pydantic says in Python's terms, by its type."""


def words(error: Mapping[str, Any]) -> str:
    """Return what one of pydantic's errors says."""
    return _WORDS.get(error["type"]) or str(error["msg"])


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

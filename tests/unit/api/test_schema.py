from typing import Annotated, Any, Literal

import pydantic
import pytest
from pydantic import ConfigDict, Field

from falapp_operator.api import model, schema


class Inner(model.Model):
    """The class's words."""

    name: str
    """A name."""


class Ruled(model.Model):
    """Ruled."""

    model_config = ConfigDict(json_schema_extra={"cel": [model.cel("has(self.a)", "give a")]})

    a: Annotated[int | None, Field(ge=1, le=9)] = None
    """One digit."""


def field(annotation: Any, default: Any = ...) -> schema.Schema:
    """Return the schema of the one field of a model, defaults written."""
    made = pydantic.create_model("Made", __base__=model.Model, value=(annotation, default))
    return schema.structural(made, defaults=True)["properties"]["value"]


@pytest.mark.parametrize(
    ("annotation", "default", "expected"),
    [
        (str, ..., {"type": "string"}),
        (int, 1, {"type": "integer", "default": 1}),
        (bool, False, {"type": "boolean", "default": False}),
        (str | None, None, {"type": "string"}),
        (Annotated[int | None, Field(ge=1)], None, {"type": "integer", "minimum": 1}),
        (
            Annotated[int, Field(ge=1)] | Annotated[str, Field(max_length=4)] | None,
            None,
            {"minimum": 1, "maxLength": 4, "x-kubernetes-int-or-string": True},
        ),
        (Literal["a", "b"], ..., {"type": "string", "enum": ["a", "b"]}),
        (Literal["a"], ..., {"type": "string", "enum": ["a"]}),
        (
            tuple[str, ...],
            (),
            {"type": "array", "x-kubernetes-list-type": "atomic", "items": {"type": "string"}},
        ),
        (
            Annotated[list[Annotated[str, Field(max_length=3)]], Field(max_length=2)],
            ...,
            {
                "type": "array",
                "maxItems": 2,
                "x-kubernetes-list-type": "atomic",
                "items": {"type": "string", "maxLength": 3},
            },
        ),
        (dict[str, int], ..., {"type": "object", "additionalProperties": {"type": "integer"}}),
        (
            Annotated[
                tuple[Inner, ...] | None, Field(json_schema_extra={"list_map_keys": ["name"]})
            ],
            None,
            {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": {
                    "description": "The class's words.",
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"description": "A name.", "type": "string"}},
                },
            },
        ),
        (
            Ruled | None,
            None,
            {
                "description": "Ruled.",
                "type": "object",
                "properties": {
                    "a": {
                        "description": "One digit.",
                        "type": "integer",
                        "minimum": 1,
                        "maximum": 9,
                    }
                },
                "x-kubernetes-validations": [{"rule": "has(self.a)", "message": "give a"}],
            },
        ),
        (
            dict[Annotated[str, Field(min_length=1, max_length=5)], str],
            ...,
            {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "x-kubernetes-validations": [
                    {
                        "rule": "self.all(k, size(k) <= 5)",
                        "message": "a key has at most 5 characters",
                    },
                    {
                        "rule": "self.all(k, size(k) >= 1)",
                        "message": "a key has at least 1 characters",
                    },
                ],
            },
        ),
    ],
)
def test_a_field(annotation, default, expected):
    assert field(annotation, default) == expected


def test_a_fields_own_words_win_over_its_class():
    class Outer(model.Model):
        """Outer."""

        inner: Inner | None = None
        """The field's words."""

    written = schema.structural(Outer, defaults=True)["properties"]["inner"]
    assert written["description"] == "The field's words."


def test_defaults_are_written_on_request_only():
    class Status(model.Model):
        """A status."""

        replicas: int = 0
        """How many."""

    asked, not_asked = (schema.structural(Status, defaults=flag) for flag in (True, False))
    assert asked["properties"]["replicas"]["default"] == 0
    assert "default" not in not_asked["properties"]["replicas"]


@pytest.mark.parametrize(
    ("annotation", "says"),
    [
        (int | bool, "Made.value: a union of types"),
        (int | str | bool, "Made.value: a union of types"),
        (Any, "Made.value: no single type"),
        (dict[str, Any], "Made.value: a map of anything"),
        (dict[Annotated[str, Field(pattern="^a")], str], "Made.value: patternProperties has no"),
        (list[Any], "Made.value[]: no single type"),
        (tuple[int, str], "Made.value: prefixItems has no place"),
        (Annotated[int, Field(gt=1)], "Made.value: exclusiveMinimum has no place"),
        (
            Annotated[tuple[Ruled, ...], Field(json_schema_extra={"list_map_keys": ["a"]})],
            "Made.value: the map key 'a' must be a required field",
        ),
        (dict[Literal["a", "b"], str], "Made.value: enum of a map's keys"),
    ],
)
def test_what_a_crd_cannot_say_is_refused(annotation, says):
    with pytest.raises(schema.NotStructural) as error:
        field(annotation)
    assert str(error.value).startswith(says)


def test_a_model_that_takes_unknown_fields_is_refused():
    class Open(model.Model):
        """Open."""

        model_config = ConfigDict(extra="allow")
        a: int
        """A."""

    with pytest.raises(schema.NotStructural, match="known and unknown fields in one"):
        schema.structural(Open, defaults=True)


def test_closed_refuses_unknown_fields_at_every_depth():
    closed = schema.closed(
        {
            "type": "object",
            "properties": {
                "list": {
                    "type": "array",
                    "x-kubernetes-list-type": "atomic",
                    "items": {"type": "object", "properties": {"a": {"type": "string"}}},
                },
                "map": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        }
    )
    inner = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "additionalProperties": False,
    }
    assert closed["type"] == ["object", "null"]
    assert closed["additionalProperties"] is False
    assert closed["properties"]["list"] == {"type": "array", "items": inner}
    assert closed["properties"]["map"]["additionalProperties"] == {"type": "string"}

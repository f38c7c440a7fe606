"""Pydantic models as structural OpenAPI v3 schemas, the only kind that a CRD may hold.

Pydantic writes JSON Schema 2020-12: references, titles, ``anyOf`` with null, keys of maps with a
schema of their own. The API server takes none of that. What has a structural equivalent is
rewritten; the rest raises `NotStructural`, so that a model never says more than its CRD does.

Three keys of ``json_schema_extra`` are ours: ``cel`` (rules, see `model.cel`), ``list_map_keys``
(the list is a map by these fields; without it a list is atomic), and nothing else.
"""

import functools
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from falapp_operator.api import docstrings, model

Schema = dict[str, Any]

_KEPT = (
    "description",
    "type",
    "format",
    "default",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "x-kubernetes-int-or-string",
)
"""Keywords that mean the same on both sides, in the order in which they are written."""

_REWRITTEN = frozenset(
    {
        "$defs",
        "$ref",
        "additionalProperties",
        "anyOf",
        "cel",
        "const",
        "items",
        "list_map_keys",
        "properties",
        "propertyNames",
        "required",
        "title",
    }
)
"""Keywords that are looked at here and written in another form, or left out."""

_TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean"})
_REFS = "#/$defs/"


class NotStructural(TypeError):  # noqa: N818 - it names what is wrong with the model
    """A model says something that a structural schema cannot."""


def structural(root: type[BaseModel], *, defaults: bool) -> Schema:
    """Return the structural schema of a model.

    Args:
        root: The model of a spec or status.
        defaults: Whether the API server fills in default values: in a spec, so that everybody reads
            the same object; never in a status, where nothing is said that nobody observed.
    """
    document = root.model_json_schema(
        by_alias=True, mode="validation", schema_generator=docstrings.Documented
    )
    return _Writer(document.get("$defs", {}), defaults).schema(document, root.__name__)


class _Writer:
    """Writes schemas, with the definitions that references point into."""

    def __init__(self, definitions: Mapping[str, Schema], defaults: bool) -> None:
        self._definitions = definitions
        self._defaults = defaults

    def schema(self, source: Schema, path: str) -> Schema:
        """Return the structural form of ``source``, which stands at ``path``."""
        flat = self._flat(source, path)
        _refuse_unknown(flat, path)
        kind = flat.get("type")
        if kind not in _TYPES and "x-kubernetes-int-or-string" not in flat:
            raise NotStructural(f"{path}: no single type, got {kind!r}; annotate it with one")
        written = {key: flat[key] for key in _KEPT if key in flat and key != "default"}
        if "const" in flat:
            written["enum"] = [flat["const"]]
        if self._defaults and isinstance(flat.get("default"), str | int | float):
            written["default"] = flat["default"]
        rules = [model.cel(rule["rule"], rule["message"]) for rule in flat.get("cel", ())]
        if kind == "object":
            written |= self._object(flat, path)
            rules += _key_rules(flat.get("propertyNames", {}), path)
        elif kind == "array":
            written |= self._array(flat, path)
        if rules:
            written["x-kubernetes-validations"] = rules
        return written

    def _flat(self, source: Schema, path: str) -> Schema:
        """Return ``source`` with its reference inlined and its ``anyOf`` with null undone.

        What is said beside the reference (the field's own description) wins over what it refers to.
        """
        flat = {key: value for key, value in source.items() if key not in {"$ref", "anyOf"}}
        if "anyOf" in source:
            options = [option for option in source["anyOf"] if option != {"type": "null"}]
            flat = self._option(options, path) | flat
        if "$ref" in source:
            target = self._definitions[source["$ref"].removeprefix(_REFS)]
            flat = self._flat(target, path) | flat
        return flat

    def _option(self, options: list[Schema], path: str) -> Schema:
        """Return the one type that a field has, or the one union that a CRD knows."""
        if sorted(str(option.get("type")) for option in options) == ["integer", "string"]:
            # What is said of a number is not looked at for a text, and the other way round.
            words = {k: v for option in options for k, v in option.items() if k != "type"}
            return words | {"x-kubernetes-int-or-string": True}
        if len(options) != 1:
            raise NotStructural(f"{path}: a union of types; use one type, or one and None")
        return self._flat(options[0], path)

    def _object(self, flat: Schema, path: str) -> Schema:
        """Return what an object says besides `_KEPT`: its properties, or its values' schema."""
        values = flat.get("additionalProperties", False)
        if "properties" in flat:
            if values is not False:
                raise NotStructural(f"{path}: known and unknown fields in one; forbid unknown ones")
            properties = {
                name: self.schema(value, f"{path}.{name}")
                for name, value in flat["properties"].items()
            }
            required = list(flat.get("required", ()))
            return ({"required": required} if required else {}) | {"properties": properties}
        if not isinstance(values, dict):
            raise NotStructural(f"{path}: a map of anything; give its values a type")
        return {"additionalProperties": self.schema(values, f"{path}.*")}

    def _array(self, flat: Schema, path: str) -> Schema:
        """Return what a list says besides `_KEPT`: its items, and how server-side apply merges."""
        items = flat.get("items")
        if not isinstance(items, dict):
            raise NotStructural(f"{path}: a list of anything; give its items a type")
        written = self.schema(items, f"{path}[]")
        keys = flat.get("list_map_keys")
        if not keys:
            return {"x-kubernetes-list-type": "atomic", "items": written}
        _refuse_optional_keys(keys, written, path)
        return {
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": list(keys),
            "items": written,
        }


def _refuse_unknown(flat: Schema, path: str) -> None:
    unknown = sorted(set(flat) - set(_KEPT) - _REWRITTEN)
    if unknown:
        raise NotStructural(
            f"{path}: {', '.join(unknown)} has no place in a structural schema; "
            "say it in another way, or as a rule in cel"
        )


def _refuse_optional_keys(keys: Iterable[str], items: Schema, path: str) -> None:
    """Check the rule of the API server that a key of a list-map is required or has a default."""
    for key in keys:
        field = items.get("properties", {}).get(key)
        if field is None or not (key in items.get("required", ()) or "default" in field):
            raise NotStructural(
                f"{path}: the map key {key!r} must be a required field of its items"
            )


def _key_rules(names: Schema, path: str) -> list[Schema]:
    """Return rules for the keys of a map; OpenAPI v3 has no schema for them."""
    rules = []
    for keyword, value in names.items():
        match keyword:
            case "maxLength":
                rule, message = f"size(k) <= {value}", f"a key has at most {value} characters"
                holds = functools.partial(_sizes, range(value + 1))
            case "minLength":
                rule, message = f"size(k) >= {value}", f"a key has at least {value} characters"
                holds = functools.partial(_sizes, range(value, sys.maxsize))
            case _:
                raise NotStructural(f"{path}: {keyword} of a map's keys cannot be said in a CRD")
        rules.append(model.cel(f"self.all(k, {rule})", message, holds))
    return rules


def _sizes(sizes: range, keys: Iterable[str]) -> bool:
    return all(len(key) in sizes for key in keys)


def closed(source: Schema, *, nullable: bool = True) -> Schema:
    """Return a structural schema as JSON Schema for Helm's values.

    Unknown fields are refused, which the API server does without being told; an object may be null,
    which is how users of Helm take back a value. An item of a list may not: nothing takes it out.
    """
    written = {key: value for key, value in source.items() if not key.startswith("x-kubernetes-")}
    if "properties" in written:
        written["properties"] = {k: closed(v) for k, v in written["properties"].items()}
        kind = ["object", "null"] if nullable else "object"
        written |= {"type": kind, "additionalProperties": False}
    elif "additionalProperties" in written:
        written["additionalProperties"] = closed(written["additionalProperties"])
    if "items" in written:
        written["items"] = closed(written["items"], nullable=False)
    return written

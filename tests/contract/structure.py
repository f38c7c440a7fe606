"""What makes a schema structural, by the words of the Kubernetes documentation.

Written apart from the generator, so that one does not repeat the other's mistakes.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

KEYWORDS = {
    "description", "type", "format", "default", "enum", "pattern", "required",
    "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems",
    "minProperties", "maxProperties", "properties", "additionalProperties", "items",
    "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-validations",
    "x-kubernetes-int-or-string",
}  # fmt: skip


def walk(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield every schema in ``schema`` with its path."""
    yield path, schema
    for name, value in schema.get("properties", {}).items():
        yield from walk(value, f"{path}.{name}")
    if "items" in schema:
        yield from walk(schema["items"], f"{path}[]")
    if "additionalProperties" in schema:
        yield from walk(schema["additionalProperties"], f"{path}.*")


def faults(root: Schema) -> Iterator[str]:
    """Yield what the API server would refuse."""
    for path, schema in walk(root):
        if unknown := set(schema) - KEYWORDS:
            yield f"{path}: unknown {sorted(unknown)}"
        if isinstance(schema.get("type"), str) == schema.get("x-kubernetes-int-or-string", False):
            yield f"{path}: type {schema.get('type')!r}"
        if {"properties", "additionalProperties"} <= set(schema):
            yield f"{path}: properties and additionalProperties"
        if schema.get("type") == "array" and "items" not in schema:
            yield f"{path}: a list without items"
        if missing := set(schema.get("required", ())) - set(schema.get("properties", {})):
            yield f"{path}: required and not a property: {sorted(missing)}"
        yield from _list_faults(path, schema)


def _list_faults(path: str, schema: Schema) -> Iterator[str]:
    kind = schema.get("x-kubernetes-list-type")
    if schema.get("type") == "array" and kind not in {"atomic", "map", "set"}:
        yield f"{path}: list type {kind!r}"
    for key in schema.get("x-kubernetes-list-map-keys", ()):
        item = schema["items"]
        if key not in item.get("required", ()) and "default" not in item["properties"][key]:
            yield f"{path}: map key {key} is neither required nor has a default"


def unbounded(root: Schema) -> Iterator[str]:
    """Yield the strings, lists and maps without a limit: no rule over them could be priced."""
    limits = {"array": "maxItems", "string": "maxLength"}
    for path, schema in walk(root):
        # of a number or a text it is the text that needs one
        kind = schema.get("type", "string")
        limit = "maxProperties" if "additionalProperties" in schema else limits.get(kind)
        if limit and limit not in schema and "enum" not in schema:
            yield f"{path}: {limit}"

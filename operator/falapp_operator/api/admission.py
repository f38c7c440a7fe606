"""What the API server would refuse of a FalApp, for those who have none to ask.

It is read from the CRD that the API server has: fields by their names there and of their types, the
keys of lists, and the rules, each by the predicate beside it.
"""

import difflib
import functools
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from falapp_operator.api import crds, model
from falapp_operator.api.conditions import Reason
from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.api.objects import Object
from falapp_operator.api.schema import Schema
from falapp_operator.errors import UserError


@functools.cache
def schema() -> Schema:
    """Return the schema of a FalApp as the CRD has it."""
    [kind] = (k for k in crds.KINDS if k.kind == "FalApp")
    [version] = crds.crd(kind)["spec"]["versions"]
    found: Schema = version["schema"]["openAPIV3Schema"]
    return found


def read(app: Object) -> FalAppSpec:
    """Return the spec of a FalApp that comes from outside.

    Raises:
        UserError: The API server would refuse it.
    """
    for name in app:
        if name not in schema()["properties"]:
            raise _refused(f"{name}: {_no_field(schema(), name)}")
    try:
        # As JSON, in which a text is no number, and a list is one in Python's strict mode, too.
        given = json.dumps(app.get("spec") or {}, default=str)
        spec = FalAppSpec.model_validate_json(given, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _refused(_complaint(error)) from error
    for fault in _faults(schema(), {"metadata": app["metadata"], "spec": spec.to_object()}, ()):
        raise _refused(fault)
    return spec


def _refused(message: str) -> UserError:
    return UserError(Reason.INVALID_SPEC, message)


def _complaint(error: ValidationError) -> str:
    """Return the first thing that is wrong; a field that there is not comes before one missing."""
    found = error.errors(include_input=False, include_url=False)
    unknown = next((e for e in found if e["type"] == "extra_forbidden"), None)
    first = unknown or found[0]
    where: list[str | int] = ["spec"]
    at = schema()["properties"]["spec"]
    for part in first["loc"]:
        inner = _inner(at, part)
        if inner is None and not unknown:
            break  # pydantic names the members of a union, too
        where.append(part)
        if inner is None:
            return f"{model.path(where)}: {_no_field(at, str(part))}"
        at = inner
    return f"{model.path(where)}: {model.words(first)}"


def _inner(at: Schema, part: str | int) -> Schema | None:
    """Return the schema of a field, an item or a value."""
    if isinstance(part, int):
        return at.get("items")
    return at.get("properties", {}).get(part) or at.get("additionalProperties")


def _no_field(at: Schema, name: str) -> str:
    known = {_plain(field): field for field in at.get("properties", ())}
    close = difflib.get_close_matches(_plain(name), known, n=1, cutoff=0.8)
    return f"there is no such field, only {known[close[0]]}" if close else "there is no such field"


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _faults(at: Schema, value: Any, where: Sequence[str | int]) -> Iterator[str]:
    """Yield what breaks a rule, or is twice in a list that is a map."""
    for rule in at.get("x-kubernetes-validations", ()):
        if not model.predicate(rule["rule"])(value):
            yield _broken(rule["message"], where)
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _faults(_inner(at, name) or {}, inner, (*where, name))
    elif isinstance(value, list):
        for key in at.get("x-kubernetes-list-map-keys", ()):
            yield from _twice(key, value, where)
        for number, inner in enumerate(value):
            yield from _faults(at["items"], inner, (*where, number))


def _twice(key: str, items: Sequence[Object], where: Sequence[str | int]) -> Iterator[str]:
    seen = set()
    for number, item in enumerate(items):
        if item[key] in seen:
            yield f"{model.path((*where, number, key))}: {item[key]!r} is in the list already"
        seen.add(item[key])


def _broken(message: str, where: Sequence[str | int]) -> str:
    """Return a rule's message with the whole path of the field that it may begin with."""
    field, colon, why = message.partition(": ")
    if colon and re.fullmatch(r"[A-Za-z.]+", field):
        return f"{model.path((*where, field))}: {why}"
    return f"{model.path(where)}: {message}"

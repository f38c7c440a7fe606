"""Whether a live object still is what was asked for, so that nothing is written in vain.

Two things must hold: what is asked for is what was applied last (the annotation tells), and the
live object contains it. The API server adds defaults and canonical forms (``1000m`` becomes ``1``),
and drops empty texts and lists, so "contains" looks only at what is asked for and compares
quantities by value.
"""

from typing import Any

from falapp_operator.api import meta, quantity
from falapp_operator.api.objects import Object, annotation


def unchanged(live: Object | None, desired: Object) -> bool:
    """Return whether applying the stamped ``desired`` would change nothing of ``live``."""
    if live is None:
        return False
    applied, wanted = (annotation(o, meta.ANNOTATION_APPLIED) for o in (live, desired))
    return applied == wanted and contains(live, desired)


def given(live: Object) -> Object:
    """Return the spec of ``live`` as somebody wrote it: without the defaults of its definition.

    The API server adds those also to what was written before the definition had them, and names no
    manager for them.
    """
    entries = live["metadata"].get("managedFields", ())
    managers = [e["fieldsV1"]["f:spec"] for e in entries if "f:spec" in e.get("fieldsV1", {})]
    spec: Object = live["spec"]
    return _managed(spec, managers) if managers else spec


def _managed(value: Any, managers: list[Object]) -> Any:
    if not isinstance(value, dict) or not any(managers):  # a leaf, or a list, which goes as a whole
        return value
    return {
        key: _managed(item, found)
        for key, item in value.items()
        if (found := [fields[f"f:{key}"] for fields in managers if f"f:{key}" in fields])
    }


def contains(live: Any, desired: Any) -> bool:
    """Return whether ``live`` holds everything that ``desired`` asks for."""
    if isinstance(desired, dict):
        return isinstance(live, dict) and all(
            contains(live[k], v) if k in live else _is_left_out(v) for k, v in desired.items()
        )
    if isinstance(desired, list):
        return (
            isinstance(live, list)
            and len(live) == len(desired)
            and all(contains(a, b) for a, b in zip(live, desired, strict=True))
        )
    return bool(live == desired) or _same_quantity(live, desired)


def _is_left_out(value: Any) -> bool:
    """Return whether the API server drops a field with this value, as it does an empty text."""
    return value in ("", [])


def _same_quantity(a: Any, b: Any) -> bool:
    if not (isinstance(a, str) and isinstance(b, str)):
        return False
    left, right = quantity.value(a), quantity.value(b)
    return left is not None and left == right

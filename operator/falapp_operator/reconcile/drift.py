"""Whether a live object still is what was asked for, so that nothing is written in vain.

Two things must hold: what is asked for is what was applied last (the annotation tells), and the
live object contains it. The API server adds defaults and canonical forms (``1000m`` becomes ``1``),
and drops empty texts and lists, so "contains" looks only at what is asked for and compares
quantities by value.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

from falapp_operator.api import meta
from falapp_operator.api.objects import Object

_SUFFIXES = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"),
    "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12),
    "P": Decimal(10**15), "E": Decimal(10**18),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40),
    "Pi": Decimal(2**50), "Ei": Decimal(2**60),
}  # fmt: skip


def unchanged(live: Object | None, desired: Object) -> bool:
    """Return whether applying the stamped ``desired`` would change nothing of ``live``."""
    if live is None:
        return False
    applied = live["metadata"].get("annotations", {}).get(meta.ANNOTATION_APPLIED)
    wanted = desired["metadata"]["annotations"][meta.ANNOTATION_APPLIED]
    return applied == wanted and contains(live, desired)


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
    left, right = _quantity(a), _quantity(b)
    return left is not None and left == right


def _quantity(text: str) -> Decimal | None:
    for suffix in (text[-2:], text[-1:], ""):
        if suffix in _SUFFIXES or suffix == "":
            number = text[: len(text) - len(suffix)] if suffix else text
            try:
                return Decimal(number) * _SUFFIXES.get(suffix, Decimal(1))
            except InvalidOperation:
                return None
    return None

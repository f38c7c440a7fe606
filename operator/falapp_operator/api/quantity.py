"""Amounts as Kubernetes writes them: 500m, 2, 15Gi."""

from decimal import Decimal, InvalidOperation

_SUFFIXES = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"),
    "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12),
    "P": Decimal(10**15), "E": Decimal(10**18),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40),
    "Pi": Decimal(2**50), "Ei": Decimal(2**60),
}  # fmt: skip


def value(text: str) -> Decimal | None:
    """Return how much ``text`` is; None where it is no amount."""
    number, suffix = _parts(text)
    try:
        return Decimal(number) * _SUFFIXES.get(suffix, Decimal(1))
    except InvalidOperation:
        return None


def least(amounts: list[str]) -> str:
    """Return the smallest of amounts, as it is written."""
    return min(amounts, key=lambda text: value(text) or Decimal(0))


def times(text: str, count: int) -> str:
    """Return an amount ``count`` times, in the same unit: twice 1.5Gi is 3Gi."""
    number, suffix = _parts(text)
    return f"{(Decimal(number) * count).normalize():f}{suffix}"


def _parts(text: str) -> tuple[str, str]:
    for suffix in (text[-2:], text[-1:]):
        if suffix in _SUFFIXES:
            return text[: -len(suffix)], suffix
    return text, ""

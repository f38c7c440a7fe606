"""How an environment is cut into layers: big wheels by family, the middling ones, the small ones.

The rule looks at each package and its family alone, so that two environments that hold the same
torch have the layers of torch in common, whatever else they hold. Groups are few, since Kaniko
walks the whole file system for each.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from falapp_builder.plan.wheels import Choice

MOST = 8
"""The most groups of wheels."""

_MIB = 1 << 20
_MEDIUM, _LARGE, _PIECE = 8 * _MIB, 64 * _MIB, 1024 * _MIB
# What most GPU environments have in common is never put together with anything else.
_COMMON = frozenset({"nvidia", "torch", "triton"})
_COMMON_GROUPS = 5
_LARGE_GROUPS = MOST - 2

Pieces = list[tuple[Choice, ...]]


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Packages that share a layer."""

    kind: str
    """venv, wheels or sources."""
    choices: tuple[Choice, ...] = ()
    """In the order of names."""


def cut(choices: Iterable[Choice]) -> tuple[Cut, ...]:
    """Return the groups of an environment, in the order of its image's layers."""
    in_order = sorted(choices, key=lambda choice: choice.name)
    wheels = [choice for choice in in_order if not choice.built]
    pieces = [*_large(c for c in wheels if _size(c) >= _LARGE)]
    pieces.append(tuple(c for c in wheels if _MEDIUM <= _size(c) < _LARGE))
    pieces.append(tuple(c for c in wheels if _size(c) < _MEDIUM))
    groups = [Cut(kind="venv"), *(Cut(kind="wheels", choices=piece) for piece in pieces if piece)]
    if sources := tuple(choice for choice in in_order if choice.built):
        groups.append(Cut(kind="sources", choices=sources))
    return tuple(groups)


def _size(choice: Choice) -> int:
    return (choice.file.size or 0) if choice.file else 0


def _together(choices: Iterable[Choice]) -> int:
    return sum(_size(choice) for choice in choices)


def _large(choices: Iterable[Choice]) -> Pieces:
    families: dict[str, list[Choice]] = defaultdict(list)
    for choice in choices:
        families[choice.name.partition("-")[0]].append(choice)
    common = [p for name in families if name in _COMMON for p in _cut(families[name])]
    others = [p for name in families if name not in _COMMON for p in _cut(families[name])]
    common = _united(common, _COMMON_GROUPS)
    others = _united(others, _LARGE_GROUPS - len(common))
    return sorted([*common, *others], key=lambda piece: piece[0].name)


def _cut(family: Sequence[Choice]) -> Pieces:
    """Cut a family that is in the order of names into pieces that are not too big."""
    pieces: Pieces = []
    for choice in family:
        if pieces and _together(pieces[-1]) + _size(choice) <= _PIECE:
            pieces[-1] += (choice,)
        else:
            pieces.append((choice,))
    return pieces


def _united(pieces: Pieces, limit: int) -> Pieces:
    """Put the smallest pieces together until there are no more than ``limit``."""
    if len(pieces) <= limit:
        return pieces
    by_size = sorted(pieces, key=lambda piece: (-_together(piece), piece[0].name))
    rest = sorted((c for piece in by_size[limit - 1 :] for c in piece), key=lambda c: c.name)
    return [*by_size[: limit - 1], tuple(rest)]

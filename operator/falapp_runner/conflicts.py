"""The user's packages win over the runtime's: tell where one is too old or too new for the other.

The runtime's folder is the last on sys.path. What the environment has too is taken from there, in
the environment's version, also by the runtime's own packages. Their metadata says what they need.
"""

import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

SHOWN = 3
"""As many of the runtime's packages are named for one of the environment's that does not fit."""


def find(runtime: Path) -> list[str]:
    """Return one sentence for each package of the environment that does not fit the runtime."""
    folders = [folder for folder in sys.path if Path(folder) != runtime]
    shipped = {_key(d.name): d for d in metadata.distributions(path=[str(runtime)])}
    own: dict[str, metadata.Distribution] = {}
    for name in shipped:
        # an empty answer is the usual case: the runtime's own is in use
        found = next(iter(metadata.distributions(name=name, path=folders)), None)
        if found is not None:
            own[name] = found
    needs: dict[str, list[str]] = {}
    for name, distribution in sorted(shipped.items()):
        if name not in own:
            for other, need in _unmet(distribution, own):
                needs.setdefault(other, []).append(need)
    return [
        *_another_fal(shipped, own),
        *(_sentence(own[name], texts) for name, texts in sorted(needs.items())),
    ]


def _unmet(
    distribution: metadata.Distribution, own: dict[str, metadata.Distribution]
) -> Iterator[tuple[str, str]]:
    for text in distribution.requires or ():
        try:
            needed = Requirement(text)
        except InvalidRequirement:
            continue
        other = own.get(_key(needed.name))
        if other is None or (needed.marker and not needed.marker.evaluate({"extra": ""})):
            continue
        if not needed.specifier.contains(other.version, prereleases=True):
            need = f"{distribution.name} {distribution.version} needs {needed.specifier}"
            yield _key(needed.name), need


def _sentence(other: metadata.Distribution, needs: list[str]) -> str:
    more = f" and {len(needs) - SHOWN} more do not fit" if len(needs) > SHOWN else ""
    return f"the environment has {other.name} {other.version}: {', '.join(needs[:SHOWN])}{more}"


def _another_fal(
    shipped: dict[str, metadata.Distribution], own: dict[str, metadata.Distribution]
) -> Iterator[str]:
    if "fal" in own and own["fal"].version != shipped["fal"].version:
        yield (
            f"the environment has fal {own['fal'].version}, used instead of "
            f"{shipped['fal'].version}, which it would have without it"
        )


def _key(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")

"""Which wheels the Python of this process takes, as pip's own copy of `packaging` tells."""

import importlib
from collections.abc import Iterable, Mapping
from typing import Any

from falapp_builder.resolve.lock import File


def supported() -> tuple[str, ...]:
    """Return the tags of the wheels that fit, the best first."""
    return tuple(str(tag) for tag in packaging("tags").sys_tags())


def packaging(module: str) -> Any:
    """Return a module of `packaging`."""
    # Beside the launchers is our pip, so it is found before any that the base image has.
    return importlib.import_module(f"pip._vendor.packaging.{module}")


def fitting(files: Iterable[File], tags: Iterable[str]) -> tuple[File, ...]:
    """Return the wheels that fit, the best first."""
    ranks = {tag: rank for rank, tag in reversed(list(enumerate(tags)))}
    rated = [(rank, file) for file in files if (rank := _rank(file.name, ranks)) is not None]
    return tuple(file for _, file in sorted(rated, key=lambda pair: pair[0]))


def _rank(name: str, ranks: Mapping[str, int]) -> int | None:
    parts = name.removesuffix(".whl").rsplit("-", 3)
    if not name.endswith(".whl") or len(parts) != 4:
        return None
    pythons, interfaces, platforms = (part.split(".") for part in parts[1:])
    tags = (f"{p}-{i}-{m}" for p in pythons for i in interfaces for m in platforms)
    return min((ranks[tag] for tag in tags if tag in ranks), default=None)

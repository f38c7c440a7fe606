"""How a group is installed, as groups/<id>.json has it: plan writes it, install reads it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from falapp_builder.pod import handed


@dataclass(frozen=True, kw_only=True)
class Item:
    """A package to install."""

    name: str
    """Its normalised name."""
    version: str
    """Its version; empty where only building it tells."""
    path: str = ""
    """Its file; empty for what comes from git."""
    sha256: str = ""
    """The file's digest."""
    repository: str = ""
    """The URL of its git repository, with the names of variables in it."""
    commit: str = ""
    """The commit."""
    subdirectory: str = ""
    """The folder of the archive or the repository that holds it."""
    layer: int = 0
    """The requirement layer that it is of."""
    direct: Mapping[str, Any] | None = None
    """What direct_url.json tells, for what did not come from an index."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A group to install."""

    id: str
    """Its name."""
    kind: str
    """wheels or sources."""
    resolver: str
    """Who installs: uv or pip."""
    packages: tuple[Item, ...]
    """What to install."""
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The options of requirement layers, by their numbers: how their packages are built."""
    variables: tuple[str, ...] = ()
    """The names of variables in them."""


def write(path: Path, recipe: Recipe) -> None:
    """Write a recipe."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(recipe), indent=1), encoding="utf-8")


def read(path: Path) -> Recipe:
    """Return the recipe that ``path`` holds.

    Raises:
        Failure: There is none.
    """
    wrong = f"there is no group {path.stem} to install"
    return handed.read(path, _recipe, wrong=wrong, differ="the steps")


def _recipe(data: dict[str, Any]) -> Recipe:
    packages = tuple(Item(**item) for item in data.pop("packages"))
    options = {layer: tuple(tokens) for layer, tokens in data.pop("options").items()}
    variables = tuple(data.pop("variables"))
    return Recipe(packages=packages, options=options, variables=variables, **data)

"""Wheels of any content, and the recipes that install them."""

import hashlib
import zipfile
from collections.abc import Mapping
from typing import Any

from falapp_builder.pod import recipe
from falapp_builder.pod.places import Places
from falapp_builder.pod.recipe import Item, Recipe
from falapp_requirements.tokens import normalised

_WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: {pure}\nTag: py3-none-any\n"
_DATE = (1980, 1, 1, 0, 0, 0)


def wheel(
    places: Places,
    name: str,
    files: Mapping[str, str] | None = None,
    *,
    pure: bool = True,
    **changes: Any,
) -> Item:
    """Put a wheel where plan puts it; all its files are as old as reproducible builds have them."""
    info = f"{name}-1.0.dist-info"
    content = {f"{name}/__init__.py": f"name = {name!r}\n"} if files is None else dict(files)
    content[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    content[f"{info}/WHEEL"] = _WHEEL.format(pure=str(pure).lower())
    content[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*content, f"{info}/RECORD"])
    made = places.wheels / f"{name}-1.0-py3-none-any.whl"
    made.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in content.items():
            entry = zipfile.ZipInfo(path, _DATE)
            entry.external_attr = (0o100755 if ".data/scripts/" in path else 0o100644) << 16
            archive.writestr(entry, text)
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    target = places.wheel(digest, made.name)
    target.parent.mkdir(exist_ok=True)
    made.replace(target)
    return Item(
        **{"name": normalised(name), "version": "1.0", "path": str(target), "sha256": digest}
        | changes
    )


def group(*items: Item, **changes: Any) -> Recipe:
    """A group of these packages."""
    known = {"id": "0" * 16, "kind": "wheels", "resolver": "uv"}
    return Recipe(**known | {"packages": items} | changes)


def written(places: Places, identity: str, *items: Item, **changes: Any) -> str:
    """Write a group's recipe where plan writes it, and return the group's name."""
    recipe.write(places.group(identity), group(*items, id=identity, **changes))
    return identity

"""uv or pip, whichever resolved: packages from files of ours into the stage."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from falapp_builder.install.stage import Stage
from falapp_builder.pod import toml
from falapp_builder.pod.recipe import Item
from falapp_builder.programs import pip, uv
from falapp_builder.programs.tool import Workshop
from falapp_requirements.options import Options
from falapp_requirements.redact import Redactor


@dataclass(frozen=True, kw_only=True)
class Building:
    """Sources to build."""

    resolver: str
    """Who does it: uv or pip."""
    folders: Mapping[str, Path]
    """The archives and folders, by the names of the packages."""
    options: Options
    """Where build requirements come from."""
    versions: Mapping[str, str]
    """What tells packages their versions, as variables of the environment."""
    own: Path | None
    """The interpreter whose packages the sources see, if they are not to be built apart."""


_QUIET = {"PYTHONDONTWRITEBYTECODE": "1"}
"""Bytecode of the standard library is no part of a layer; that of packages is asked for."""


def wheels(place: Workshop, staged: Stage, resolver: str, items: Sequence[Item]) -> tuple[int, str]:
    """Install wheels, whose hashes the installer verifies; give its status and what it said."""
    if resolver == "pip":
        lines = [f"{_uri(item)} --hash=sha256:{item.sha256}\n" for item in items]
        listed = _written(place, "requirements.txt", "".join(lines))
        arguments = [*_pip(staged), "--no-index", "--require-hashes", "--requirement", listed]
        return pip.run(place, staged.python, arguments, _QUIET, Redactor())
    listed = _written(place, "pylock.toml", _lock(items))
    # The workshop's cache is beside the stage and goes with it: no need to copy what it holds.
    arguments = [*_uv(staged, staged.python), "--link-mode=hardlink", "--offline"]
    return uv.run(place, [*arguments, "--requirements", listed], _QUIET, Redactor())


def sources(
    place: Workshop, staged: Stage, building: Building, redact: Redactor
) -> tuple[int, str]:
    """Build and install sources; give the installer's status and what it said.

    Options on wheels are left out: what stands here must be built, whatever they say.
    """
    lines = [f"{name} @ {path.as_uri()}\n" for name, path in building.folders.items()]
    arguments = ["--requirement", _written(place, "requirements.txt", "".join(lines))]
    python, own = building.own or staged.python, {**_QUIET, **building.versions}
    if building.own:
        arguments.append("--no-build-isolation")
        # Its programs, such as ninja, are to be found, too.
        own["PATH"] = os.pathsep.join((str(python.parent), place.variables["PATH"]))
    if building.resolver == "pip":
        variables = pip.variables(building.options) | own
        return pip.run(place, python, [*_pip(staged), *arguments], variables, redact)
    variables = building.options.variables | own
    return uv.run(place, [*_uv(staged, python), *arguments], variables, redact)


def _uv(staged: Stage, python: Path) -> list[str]:
    return [
        *("pip", "install", "--python", str(python), "--prefix", str(staged.prefix)),
        *("--no-deps", "--compile-bytecode"),
    ]


def _pip(staged: Stage) -> list[str]:
    return [
        *("install", "--prefix", str(staged.prefix), "--no-deps", "--ignore-installed"),
        *("--compile", "--no-warn-script-location"),
    ]


def _uri(item: Item) -> str:
    return f"{item.name} @ {Path(item.path).as_uri()}"


def _lock(items: Sequence[Item]) -> str:
    return toml.lock(
        {
            "name": item.name,
            "version": item.version,
            "wheels": [{"path": item.path, "hashes": {"sha256": item.sha256}}],
        }
        for item in items
    )


def _written(place: Workshop, name: str, text: str) -> str:
    path = place.folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)

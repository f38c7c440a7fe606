"""What resolve found, as resolved.json has it: packages, their files, what fits the base."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from falapp_builder.pod import handed

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of a package."""

    url: str
    """Where it is; credentials are left out, or the names of variables."""
    name: str
    """Its name."""
    size: int | None
    """In bytes, where it is known."""
    sha256: str
    """Its digest in hexadecimal, empty where nobody told."""


@dataclass(frozen=True, kw_only=True)
class Git:
    """A commit."""

    url: str
    """The repository."""
    commit: str
    """The full hash."""


@dataclass(frozen=True, kw_only=True)
class Package:
    """A package in the version that was chosen."""

    name: str
    """Its normalised name."""
    version: str
    """Its version, empty where only building it tells."""
    kind: str
    """wheel, sdist, git or archive."""
    files: tuple[File, ...] = ()
    """The files to choose from."""
    git: Git | None = None
    """The commit, if it comes from git."""
    subdirectory: str = ""
    """The folder inside an archive or a repository."""
    url: str = ""
    """The address that the user wrote, without credentials; empty if it came from an index."""
    layer: int = 0
    """The requirement layer that locked it."""
    secret: bool = False
    """Whether it came by an address that holds a variable."""


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """All packages of an environment."""

    tags: tuple[str, ...]
    """The tags of wheels that the base's Python takes, the best first."""
    packages: tuple[Package, ...]
    """One of a name."""


def document(packages: Iterable[Package], tags: Iterable[str]) -> str:
    """Return the content of resolved.json."""
    data = {"tags": list(tags), "packages": [_entry(package) for package in packages]}
    return json.dumps(data, indent=1)


def read(path: Path) -> Resolved:
    """Return what resolve wrote.

    Raises:
        Failure: It cannot be read: builder and resolve differ.
    """
    wrong = "what resolve found cannot be read"
    return handed.read(path, _resolved, wrong=wrong, differ="the steps of the build")


def _resolved(data: dict[str, Any]) -> Resolved:
    return Resolved(
        tags=tuple(str(tag) for tag in data["tags"]),
        packages=tuple(_package(entry) for entry in data["packages"]),
    )


def _entry(package: Package) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": package.name,
        "version": package.version,
        "kind": package.kind,
        "files": [vars(file) for file in package.files],
        "layer": package.layer,
        "secret": package.secret,
    }
    if package.git:
        entry["git"] = vars(package.git)
    if package.subdirectory:
        entry["subdirectory"] = package.subdirectory
    return entry | ({"url": package.url} if package.url else {})


def _package(entry: dict[str, Any]) -> Package:
    git = entry.get("git")
    return Package(
        name=_checked(_NAME, entry["name"]),
        version=str(entry.get("version") or ""),
        kind=str(entry["kind"]),
        files=tuple(_file(file) for file in entry.get("files") or ()),
        git=Git(url=str(git["url"]), commit=_checked(_COMMIT, git["commit"])) if git else None,
        subdirectory=str(entry.get("subdirectory") or ""),
        url=str(entry.get("url") or ""),
        layer=int(entry.get("layer", 0)),
        secret=bool(entry.get("secret", False)),
    )


def _file(entry: dict[str, Any]) -> File:
    size = entry.get("size")
    return File(
        url=str(entry["url"]),
        name=str(entry["name"]),
        size=None if size is None else int(size),
        sha256=str(entry.get("sha256") or ""),
    )


def _checked(form: re.Pattern[str], value: object) -> str:
    """Return what becomes the name of a folder or an argument of git."""
    if not form.fullmatch(str(value)):
        raise ValueError(value)
    return str(value)

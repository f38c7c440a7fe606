"""What an installer chose for a layer, with addresses as it gave them, credentials included."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from falapp_builder.pod import toml


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of a package."""

    url: str
    """Where it is."""
    sha256: str = ""
    """Its digest, where the installer knows it."""
    size: int | None = None
    """Its size in bytes, where the index tells."""

    @property
    def name(self) -> str:
        """Its name."""
        return unquote(urlsplit(self.url).path.rpartition("/")[2])


@dataclass(frozen=True, kw_only=True)
class Package:
    """One package of a lock."""

    name: str
    """Its normalised name."""
    version: str = ""
    """Its version, where the lock knows it."""
    files: tuple[File, ...] = ()
    """Its files: wheels and a source distribution, or the one that its address names."""
    repository: str = ""
    """The git repository that it comes from, if any."""
    commit: str = ""
    """The commit of the repository."""
    subdirectory: str = ""
    """The folder inside an archive or a repository."""
    direct: bool = False
    """Whether it comes from an address and not from an index."""
    page: str = ""
    """The address of the index that has it, or of its page there, where that was asked for."""
    metadata: tuple[str, ...] = ()
    """What it needs, as lines of its METADATA, where the installer tells."""

    @property
    def address(self) -> str:
        """Where it comes from if not from an index: the URL of an archive, or git at a commit."""
        if not self.direct:
            return ""
        url = f"git+{self.repository}@{self.commit}" if self.repository else self.files[0].url
        return f"{url}#subdirectory={self.subdirectory}" if self.subdirectory else url


def read(path: Path) -> tuple[Package, ...]:
    """Return the packages of a lock that uv wrote."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(_package(entry) for entry in data.get("packages", ()))


def merged(layers: Iterable[tuple[Package, ...]]) -> dict[str, Package]:
    """Return the packages that several layers hold together, by name: later layers win."""
    return {package.name: package for layer in layers for package in layer}


def preferences(versions: Mapping[str, str], pinned: Iterable[str] = (), index: str = "") -> str:
    """Return a lock that makes uv prefer versions of packages, where it stands as its output.

    Args:
        versions: The versions, by name.
        pinned: Packages that are looked for at an index of their own: uv prefers none of a lock
            that does not name that one.
        index: That index.
    """
    own = set(pinned)
    return toml.lock(
        {"name": name, "version": version, "index": index if name in own else ""}
        for name, version in versions.items()
    )


def constraints(packages: Iterable[Package]) -> str:
    """Return a constraints file that keeps packages at their addresses.

    A layer that needs diffusers must find the fork that an earlier layer holds.
    """
    return "".join(f"{p.name} @ {p.address}\n" for p in packages)


def _package(entry: dict[str, Any]) -> Package:
    vcs, archive = entry.get("vcs"), entry.get("archive")
    source = vcs or archive or {}
    files = [archive] if archive else [*entry.get("wheels", ()), entry.get("sdist")]
    return Package(
        name=str(entry["name"]),
        version=str(entry.get("version", "")),
        files=tuple(_file(file) for file in files if file and "url" in file),
        repository=str(vcs["url"]) if vcs else "",
        commit=str(vcs["commit-id"]) if vcs else "",
        subdirectory=str(source.get("subdirectory", "")),
        direct=bool(source),
    )


def _file(entry: dict[str, Any]) -> File:
    return File(
        url=str(entry["url"]),
        sha256=str(entry.get("hashes", {}).get("sha256", "")),
        size=entry.get("size"),
    )

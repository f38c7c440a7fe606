"""Locks: pylock.toml files that uv wrote, one a layer."""

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Package:
    """One package of a lock."""

    name: str
    """Its normalised name."""
    version: str = ""
    """Its version, where the lock knows it."""
    address: str = ""
    """Where it comes from if not from an index: the URL of an archive, or of git at a commit."""


def read(path: Path) -> tuple[Package, ...]:
    """Return the packages of a lock."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(_package(entry) for entry in data.get("packages", ()))


def merged(layers: Iterable[tuple[Package, ...]]) -> dict[str, Package]:
    """Return the packages that several layers hold together, by name: later layers win."""
    return {package.name: package for layer in layers for package in layer}


def preferences(packages: Iterable[Package]) -> str:
    """Return a lock that makes uv prefer the versions of packages, where it stands as its output.

    Packages that come from an address are left out: `constraints` holds them.
    """
    known = [p for p in packages if p.version and not p.address]
    entries = [
        f"\n[[packages]]\nname = {json.dumps(p.name)}\nversion = {json.dumps(p.version)}\n"
        for p in known
    ]
    return 'lock-version = "1.0"\ncreated-by = "falapp"\n' + "".join(entries or ["packages = []\n"])


def constraints(packages: Iterable[Package], named: Iterable[str]) -> str:
    """Return a constraints file that keeps packages at their addresses, save those ``named``.

    A layer that needs diffusers must find the fork that an earlier layer holds, unless it asks for
    another one itself.
    """
    chosen = set(named)
    kept = (p for p in packages if p.address and p.name not in chosen)
    return "".join(f"{p.name} @ {p.address}\n" for p in kept)


def _package(entry: dict[str, Any]) -> Package:
    name, version = str(entry["name"]), str(entry.get("version", ""))
    return Package(name=name, version=version, address=_address(entry))


def _address(entry: dict[str, Any]) -> str:
    source = entry.get("vcs") or entry.get("archive") or {}
    if "url" not in source:
        return ""
    url = str(source["url"])
    if "vcs" in entry:
        url = f"git+{url}@{source['commit-id']}"
    folder = source.get("subdirectory")
    return f"{url}#subdirectory={folder}" if folder else url

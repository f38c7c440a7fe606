"""Writing down what was resolved: resolved.json for later steps, a lock a layer for people."""

import json
import platform
from collections.abc import Iterable
from typing import Any

from falapp_builder import toml
from falapp_builder.packages import File, Package


def resolved(packages: Iterable[Package], tags: Iterable[str], *, isolated: bool) -> str:
    """Return the content of resolved.json."""
    data = {
        "python": platform.python_version(),
        "isolated": isolated,
        "tags": list(tags),
        "packages": [_entry(package) for package in packages],
    }
    return json.dumps(data, indent=1)


def lock(packages: Iterable[Package]) -> str:
    """Return the lock file of a layer."""
    return toml.lock(
        {"name": package.name, "version": package.version} | _source(package)
        for package in packages
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
    folder = {"subdirectory": package.subdirectory} if package.subdirectory else {}
    if package.git:
        entry["git"] = {"url": package.git.url, "commit": package.git.commit, **folder}
    if package.url:
        entry["url"] = package.url
    return entry | folder


def _source(package: Package) -> dict[str, Any]:
    if package.git:
        return {"vcs": toml.vcs(package.git.url, package.git.commit, package.subdirectory)}
    if package.url:
        folder = {"subdirectory": package.subdirectory} if package.subdirectory else {}
        return {"archive": _file(package.files[0]) | folder}
    sources = [_file(file) for file in package.files if not file.name.endswith(".whl")]
    return {
        "wheels": [_file(file) for file in package.files if file.name.endswith(".whl")],
        "sdist": sources[0] if sources else {},
    }


def _file(file: File) -> dict[str, Any]:
    return toml.file(file.name, file.url, file.size, file.sha256)

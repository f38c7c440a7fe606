"""Lock files (PEP 751) as text: the standard library reads TOML and writes none."""

import json
from collections.abc import Iterable, Mapping
from typing import Any


def lock(entries: Iterable[Mapping[str, Any]]) -> str:
    """Return a lock file of packages; what has no value is left out."""
    lines = ['lock-version = "1.0"', 'created-by = "falapp"']
    packages = list(entries)
    if not packages:
        lines.append("packages = []")
    for package in packages:
        lines += ["", "[[packages]]"]
        lines += [f"{key} = {_value(value)}" for key, value in package.items() if value]
    return "\n".join(lines) + "\n"


def file(name: str, url: str, size: int | None, sha256: str) -> dict[str, Any]:
    """Return the entry of a file."""
    known = {"name": name, "url": url, "size": size}
    hashes = {"sha256": sha256} if sha256 else {}
    return {key: value for key, value in known.items() if value} | {"hashes": hashes}


def vcs(url: str, commit: str, subdirectory: str) -> dict[str, str]:
    """Return the entry of a commit."""
    folder = {"subdirectory": subdirectory} if subdirectory else {}
    return {"type": "git", "url": url, "commit-id": commit} | folder


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(v)}" for key, v in value.items()) + " }"
    if isinstance(value, list):
        return "[\n" + "".join(f"    {_value(item)},\n" for item in value) + "]"
    return json.dumps(value)  # TOML's strings and numbers are written as JSON's

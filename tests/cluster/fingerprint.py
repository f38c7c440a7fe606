"""Says in sixteen characters what a thing was made from.

The same inputs give the same name, on every checkout; other inputs give another, so nothing
stale is ever taken for fresh.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

VERSION = 1
"""Part of every fingerprint: raise it when the way of making things changes, not only inputs."""


def of(inputs: Mapping[str, object]) -> str:
    """Hash named inputs in canonical form."""
    text = json.dumps({"": VERSION, **inputs}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def tree(folder: Path) -> dict[str, str]:
    """Hash every file below a folder: {path: content and whether it can be executed}."""
    return {
        path.relative_to(folder).as_posix(): file(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def file(path: Path) -> str:
    """Hash a file's content, with a mark if it can be executed."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return digest + ("+x" if path.stat().st_mode & 0o100 else "")

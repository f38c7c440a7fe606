"""The folder that our own images are built from, put together afresh each time.

A repository folder as build context would send the work tree's every file to Docker, and a
changed test would rebuild the operator. Only what an image may copy is in here.
"""

import shutil
from pathlib import Path

from tests.cluster import fingerprint

SOURCES = ("falapp_operator", "falapp_builder", "falapp_requirements", "falapp_runner")
TOP = ("pyproject.toml", "LICENSE")


def assemble(root: Path, dockerfile: Path, uv: Path, bundle: Path | None, folder: Path) -> str:
    """Fill an empty folder with what a Dockerfile may copy; give the content's fingerprint."""
    shutil.copy(dockerfile, folder / "Dockerfile")
    for name in SOURCES:
        shutil.copytree(
            root / "operator" / name,
            folder / "operator" / name,
            ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache"),
        )
    for name in TOP:
        if (root / name).exists():
            shutil.copy(root / name, folder / name)
    (folder / "requirements").mkdir()
    for lock in sorted((root / "requirements").glob("*.txt")):
        shutil.copy(lock, folder / "requirements" / lock.name)
    (folder / "tools").mkdir()
    shutil.copy(uv, folder / "tools" / "uv")
    (folder / "tools" / "uv").chmod(0o755)
    if bundle is not None:
        shutil.copy(bundle, folder / "ca.crt")
    return fingerprint.of({"context": fingerprint.tree(folder)})

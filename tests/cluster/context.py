"""The folder that our own images are built from, put together afresh each time.

A repository folder as build context would send the work tree's every file to Docker, and a
changed test would rebuild the operator. Only what the image copies is in here.
"""

import re
import shutil
from pathlib import Path

from tests.cluster import fingerprint

_NAMED = re.compile(r"\b(?:operator/falapp_\w+|requirements/\w+\.txt|pyproject\.toml|LICENSE)")


def assemble(root: Path, dockerfile: Path, uv: Path, bundle: Path | None, folder: Path) -> str:
    """Fill an empty folder with what a Dockerfile copies; give the content's fingerprint."""
    shutil.copy(dockerfile, folder / "Dockerfile")
    copied = re.findall(r"^COPY (.*)$", dockerfile.read_text(), re.MULTILINE)
    for name in sorted({name for line in copied for name in _NAMED.findall(line)}):
        source, target = root / name, folder / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache")
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy(source, target)
    (folder / "tools").mkdir()
    shutil.copy(uv, folder / "tools" / "uv")
    (folder / "tools" / "uv").chmod(0o755)
    if bundle is not None:
        shutil.copy(bundle, folder / "ca.crt")
    return fingerprint.of({"context": fingerprint.tree(folder)})

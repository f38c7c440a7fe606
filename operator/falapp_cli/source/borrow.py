"""Packages that an app file needs to be read, and this machine lacks: borrowed for that time."""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from falapp_cli import places


@contextlib.contextmanager
def borrowed(requirements: Sequence[str]) -> Iterator[None]:
    """Have packages at the end of sys.path; they are kept for the next time.

    Raises:
        CliError: They cannot be installed.
    """
    if not requirements:
        yield
        return
    folder = str(_folder(requirements))
    sys.path.append(folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _folder(requirements: Sequence[str]) -> Path:
    folder = places.cache() / "borrowed" / places.digest(sys.version, *requirements)
    done = folder / "whole"
    if not done.exists():
        target = folder / "site-packages"
        places.uv(
            *("pip", "install", "--python", sys.executable, "--target", str(target)),
            requirements=requirements,
            what="--requirement",
        )
        done.touch()
    return folder / "site-packages"

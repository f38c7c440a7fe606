"""Packages that an app file needs to be read, and this machine lacks: borrowed for that time."""

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from falapp_cli.errors import InputError
from falapp_requirements import redact


@contextlib.contextmanager
def borrowed(requirements: Sequence[str]) -> Iterator[None]:
    """Have packages at the end of sys.path; they are kept for the next time.

    Raises:
        InputError: They cannot be installed.
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


def cache() -> Path:
    """Return the folder that falapp keeps things in on this machine."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "falapp"


def _folder(requirements: Sequence[str]) -> Path:
    words = "\n".join([sys.version, *requirements])
    folder = (
        cache() / "borrowed" / hashlib.sha256(words.encode()).hexdigest()[:16] / "site-packages"
    )
    done = folder / ".falapp-whole"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        install("pip", "install", "--target", str(folder), requirements=requirements)
        done.touch()
    return folder


def install(*arguments: str, requirements: Sequence[str]) -> None:
    """Run uv with requirements that come from a file, since they may hold credentials.

    Raises:
        InputError: It fails.
    """
    import tempfile

    import uv

    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("".join(f"{line}\n" for line in requirements))
        file.flush()
        command = [uv.find_uv_bin(), *arguments, "--requirement", file.name]
        environment = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1"} | os.environ
        done = subprocess.run(
            [*command, "--python", sys.executable],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
    if done.returncode:
        said = redact.Redactor(requirements)(" ".join(done.stderr.split()))
        raise InputError(f"--requirement: uv cannot install it: {said[-600:]}")

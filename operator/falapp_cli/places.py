"""Where falapp keeps things on this machine, and uv, which makes them."""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from falapp_cli.errors import CliError
from falapp_requirements import redact


def cache() -> Path:
    """Return the folder that falapp keeps things in."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "falapp-cli"


def digest(*parts: str) -> str:
    """Return a short name for what is made of ``parts``."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def uv(
    *arguments: str,
    requirements: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    what: str,
) -> None:
    """Run uv, with requirements that come from a file, since they may hold credentials.

    Args:
        arguments: What uv is to do.
        requirements: Lines of a requirements file; ``${NAME}`` is looked up in the environment.
        variables: The environment; this process's by default.
        what: What it is for, for the message.

    Raises:
        CliError: It fails; the message has uv's words without credentials.
    """
    import uv as program

    known = dict(os.environ if variables is None else variables)
    secrets = [v for k, v in known.items() if any(f"${{{k}}}" in line for line in requirements)]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in requirements))
        file.flush()
        given = ["--requirement", file.name] if requirements else []
        command = [program.find_uv_bin(), "--color", "never", *arguments, *given]
        done = subprocess.run(command, capture_output=True, env=known, check=False)
    if done.returncode:
        words = done.stderr.decode(errors="replace").split()
        said = redact.Redactor(requirements, secrets)(" ".join(words))
        raise CliError(f"{what}: uv says: {said[-800:]}")

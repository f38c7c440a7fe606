"""Running uv: what it says is redacted before anybody sees it."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from falapp_builder import trust
from falapp_builder.failure import Failure, Reason
from falapp_builder.places import Places
from falapp_requirements.redact import Redactor

_KEPT = 262_144
_LONGEST_LINE = 4096
# The base image's own settings of tools must not bend a build.
_FOREIGN = ("UV_", "PIP_", "PYTHON", "VIRTUAL_ENV", "CONDA", "LC_", "LANGUAGE", "GIT_")


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """A temporary folder, uv, and the environment to run it in."""

    uv: Path
    """The binary."""
    folder: Path
    """Home, working directory and place for temporary files: nothing is left elsewhere."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """The environment of the process."""


@contextmanager
def workshop(places: Places) -> Iterator[Workshop]:
    """Give a place to run uv in, and remove it with all that is in it."""
    with tempfile.TemporaryDirectory(prefix="falapp-") as name:
        folder = Path(name)
        variables = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
        variables |= trust.variables(places, folder)
        variables |= {
            "HOME": name,
            "TMPDIR": name,
            "LC_ALL": "C.UTF-8",  # the patterns of `diagnosis` are English
            "GIT_TERMINAL_PROMPT": "0",
            "UV_NO_CONFIG": "1",
            "UV_NO_CACHE": "1",
            "UV_NO_PROGRESS": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_INDEX_STRATEGY": "unsafe-best-match",  # as pip: the best version of all indexes
            "UV_PREVIEW_FEATURES": "pylock",
        }
        yield Workshop(uv=places.uv, folder=folder, variables=variables)


def run(
    place: Workshop, arguments: list[str], variables: Mapping[str, str], redact: Redactor
) -> tuple[int, str]:
    """Run uv and return its exit status and what it said, redacted; that is printed as it comes.

    Raises:
        Failure: It cannot be started, or it was killed.
    """
    command = [str(place.uv), "--color", "never", *arguments]
    try:
        process = subprocess.Popen(
            command,
            cwd=place.folder,
            env={**place.variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        message = f"uv cannot be started ({error.strerror}): is the base image for another machine?"
        raise Failure(Reason.BUILD_FAILED, message) from error
    with process:
        said = _said(process, redact)
    if process.returncode < 0:
        raise _killed(-process.returncode, said)
    return process.returncode, said


def _said(process: "subprocess.Popen[str]", redact: Redactor) -> str:
    kept: list[str] = []
    size = 0
    for raw in process.stdout or ():
        line = redact(_bounded(raw.rstrip("\n")))
        print(line, file=sys.stderr, flush=True)
        kept.append(line)
        size += len(line) + 1
        while size > _KEPT:
            size -= len(kept.pop(0)) + 1
    return "\n".join(kept)


def _bounded(line: str) -> str:
    """Cut a long line between words: a URL that is cut in two could not be redacted."""
    if len(line) <= _LONGEST_LINE:
        return line
    return line[:_LONGEST_LINE].rpartition(" ")[0] + " …"


def _killed(number: int, log: str) -> Failure:
    name = signal.Signals(number).name
    message = f"uv was ended by {name}"
    if number == signal.SIGKILL:
        message += ": most likely the build ran out of memory; give builds more"
    return Failure(Reason.BUILD_FAILED, message, log)

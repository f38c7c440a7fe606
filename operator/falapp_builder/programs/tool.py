"""Running an installer: what it says is redacted before anybody sees it."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from falapp_builder.programs import trust
from falapp_requirements.redact import Redactor

_KEPT = 262_144
_LONGEST_LINE = 4096
# The base image's own settings of tools must not bend a build; COLUMNS breaks the lines of errors.
_FOREIGN = ("UV_", "PIP_", "PYTHON", "VIRTUAL_ENV", "CONDA", "LC_", "LANGUAGE", "GIT_", "COLUMNS")
_SETTINGS = {
    "LC_ALL": "C.UTF-8",  # the patterns of `diagnosis` are English
    "GIT_TERMINAL_PROMPT": "0",
    "UV_NO_CONFIG": "1",
    "UV_NO_PROGRESS": "1",
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_INDEX_STRATEGY": "unsafe-best-match",  # as pip: the best version of all indexes
    "UV_PREVIEW_FEATURES": "pylock",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_NO_CACHE_DIR": "1",
    "PIP_PROGRESS_BAR": "off",
    "PIP_ROOT_USER_ACTION": "ignore",
    # Otherwise pip starts itself for build requirements, with the indexes' URLs as arguments.
    "PIP_USE_FEATURE": "inprocess-build-deps",
}


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """A temporary folder, the installers, and the environment to run them in."""

    uv: Path
    """The binary of uv."""
    pip: Path
    """The folder of pip."""
    folder: Path
    """Home, working directory and place for temporary files: nothing is left elsewhere."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """The environment of the process."""


@contextmanager
def workshop(places: Places, inside: Path | None = None) -> Iterator[Workshop]:
    """Give a place to run installers in, and remove it with all that is in it.

    Args:
        places: Where the tools are.
        inside: The folder to make it in; the system's for temporary files, where none is given.
    """
    with tempfile.TemporaryDirectory(
        prefix="falapp-", dir=inside, ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        variables = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
        variables |= trust.variables(places, folder)
        variables |= _SETTINGS
        variables |= {"HOME": name, "TMPDIR": name, "UV_CACHE_DIR": str(folder / "cache")}
        # Last: a base image's own git comes first.
        variables["PATH"] = os.pathsep.join(
            part for part in (variables.get("PATH", os.defpath), str(places.programs)) if part
        )
        yield Workshop(uv=places.uv, pip=places.pip, folder=folder, variables=variables)


def run(
    place: Workshop, command: Sequence[str], variables: Mapping[str, str], redact: Redactor
) -> tuple[int, str]:
    """Run a command and return its exit status and what it said; that is printed as it comes.

    Args:
        place: Where to run it.
        command: A program and its arguments, which hold no credentials.
        variables: What its environment has beside the workshop's own.
        redact: Hides what is secret in its output.

    Raises:
        Failure: It cannot be started, or it was killed.
    """
    name = Path(command[0]).name
    try:
        process = subprocess.Popen(
            list(command),
            cwd=place.folder,
            env={**place.variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        why = f"{name} cannot be started ({error.strerror})"
        message = f"{why}: is the base image for another machine?"
        raise Failure(Reason.BASE_IMAGE_UNUSABLE, message) from error
    with process:
        said = _said(process, redact)
    if process.returncode < 0:
        raise _killed(name, -process.returncode, said)
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


def _killed(name: str, number: int, log: str) -> Failure:
    message = f"{name} was ended by {signal.Signals(number).name}"
    if number != signal.SIGKILL:
        return Failure(Reason.BUILD_FAILED, message, log)
    message += ": most likely the build ran out of memory; give builds more"
    return Failure(Reason.OUT_OF_MEMORY, message, log)

"""Processes that end with the tests, however those end."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_TAIL = 2000


def start(
    argv: Sequence[str | Path],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program whose words go to ``log``; the kernel ends it when this process is gone."""
    with log.open("ab") as out:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *argv],
            stdin=stdin,
            stdout=out if stdout is None else stdout,
            stderr=out,
            env=env,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that `start` started."""
    if process.poll() is None:
        process.kill()
    process.wait(10)


def tail(log: Path) -> str:
    """Return the end of a log."""
    return log.read_text(errors="replace")[-_TAIL:] if log.exists() else ""

"""One run of the tool: runs commands, keeps their words in log files, and ends what it started.

Only this module starts processes (the Docker daemon apart, which is to outlive the run).
"""

import contextlib
import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from tests.cluster.cache import Cache
from tests.cluster.errors import CommandError, Stopped
from tests.cluster.progress import Progress

TAIL = 15
"""Lines of a failed command's output that are shown."""


class Run:
    """What every part of the tool needs: the cache, the progress, and a way to run commands."""

    def __init__(self, cache: Cache, progress: Progress) -> None:
        self.cache = cache
        self.progress = progress
        self._children: set[subprocess.Popen[bytes]] = set()
        self._mutex = threading.Lock()
        self._stopped = False

    def call(
        self,
        argv: Sequence[str | Path],
        *,
        log: str,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 3600,
        given_up: Callable[[], bool] = lambda: False,
    ) -> None:
        """Run a command to its end, its output going to logs/<log>.log."""
        path = self.cache.logs / f"{log}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        words = shlex.join(str(word) for word in argv)
        with path.open("ab") as out:
            out.write(f"$ {words}\n".encode())
            out.flush()
            child = self._start(argv, out, env, cwd)
            deadline = time.monotonic() + timeout
            try:
                while (code := _waited(child, min(0.5, timeout))) is None:
                    if time.monotonic() > deadline or given_up():
                        raise CommandError(f"`{words}` did not end in time; see {path}")
            finally:
                self._end(child)
        if code:
            raise CommandError(f"`{words}` ended with {code}; {path} ends with:\n{tail(path)}")

    def read(self, argv: Sequence[str | Path], *, timeout: float = 30) -> str:
        """Run a short command and give what it printed."""
        words = shlex.join(str(word) for word in argv)
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=True)
        except FileNotFoundError:
            raise CommandError(f"{argv[0]}: there is no such command here") from None
        except subprocess.TimeoutExpired:
            raise CommandError(f"`{words}` did not answer within {timeout:.0f} s") from None
        except subprocess.CalledProcessError as error:
            said = (error.stderr or error.stdout).strip()
            raise CommandError(f"`{words}` ended with {error.returncode}: {said}") from None
        return done.stdout

    def ask(self, argv: Sequence[str | Path], *, timeout: float = 30) -> str | None:
        """Run a short command and give what it printed, or None where it failed."""
        try:
            return self.read(argv, timeout=timeout)
        except CommandError:
            return None

    def together(self, *calls: Callable[[], Any]) -> list[Any]:
        """Make calls side by side; the first failure ends the commands of the others."""
        with ThreadPoolExecutor(len(calls)) as pool:
            futures = [pool.submit(call) for call in calls]
            try:
                for future in as_completed(futures):
                    future.result()
            except BaseException:  # the user's Ctrl-C as well
                self.stop()
                raise
        return [future.result() for future in futures]

    def stop(self) -> None:
        """End the commands that run now, and refuse to start more."""
        with self._mutex:
            self._stopped = True
            children = list(self._children)
        for child in children:
            _terminate(child)

    def _start(
        self,
        argv: Sequence[str | Path],
        out: Any,
        env: Mapping[str, str] | None,
        cwd: Path | None,
    ) -> subprocess.Popen[bytes]:
        with self._mutex:
            if self._stopped:
                raise Stopped("the run is being ended")
            child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                cwd=cwd,
                start_new_session=True,  # so that a compiler's own children end with it
            )
            self._children.add(child)
        return child

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        if child.poll() is None:
            _terminate(child)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        with self._mutex:
            self._children.discard(child)


def within(seconds: float, question: Callable[[], bool], pause: float = 0.1) -> bool:
    """Ask until the answer is yes or time is up; give the last answer."""
    deadline = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < deadline:
        time.sleep(pause)
    return answer


def tail(path: Path, lines: int = TAIL) -> str:
    """Give the last lines of a log."""
    text = path.read_text(errors="replace") if path.exists() else ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def _waited(child: subprocess.Popen[bytes], seconds: float) -> int | None:
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def _terminate(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)

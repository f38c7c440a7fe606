"""How long a start may take, and what is done when it takes longer.

The kubelet would wait that long too, but it can only end the process; the runner can say what
hangs. Two clocks run: a thread, and the interpreter's own watchdog in C, for an app that never lets
go of the interpreter's lock, so that no thread of ours may run.
"""

import faulthandler
import os
import threading
import time
from collections.abc import Callable

WATCHDOG_DELAY = 5.0
"""Seconds for which the thread is waited for before the watchdog ends the process."""


class Patience:
    """Calls `over` in a thread when the time is up, unless `stop` came before."""

    def __init__(self, seconds: float, over: Callable[[float], None], log: str) -> None:
        self._began = time.monotonic()
        self._over = over
        self._log = log
        self._file: int | None = None
        self._timer: threading.Timer | None = None
        self.extend(seconds)

    def extend(self, seconds: float) -> None:
        """Let the start take so many seconds, counted from its beginning."""
        self._cancel()
        left = max(0.0, self._began + seconds - time.monotonic())
        self._timer = threading.Timer(left, self._over, [seconds])
        self._timer.daemon = True
        self._timer.start()
        if self._file is None:
            self._file = _open(self._log)
        if self._file is not None:
            faulthandler.dump_traceback_later(left + WATCHDOG_DELAY, exit=True, file=self._file)

    def stop(self) -> None:
        """The start is over."""
        self._cancel()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            faulthandler.cancel_dump_traceback_later()


def _open(path: str) -> int | None:
    try:
        # kept open: a process that has run out of descriptors cannot say so any more
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    except OSError:
        return None

"""Says what is going on, in plain lines that read well in a terminal and in a CI log.

Some steps take minutes. A line at least every half minute tells a slow step from a stuck one.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HEARTBEAT = 25.0
QUIET = 0.5
"""A step shorter than this (seconds) is not worth a line of its own when it ends."""


def clock(seconds: float) -> str:
    """Write a duration as minutes and seconds."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


class Progress:
    """Writes lines that start with the time since the run began."""

    def __init__(
        self, write: Callable[[str], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._write = write
        self._now = now
        self._start = now()
        self._mutex = threading.Lock()

    def say(self, text: str) -> None:
        """Write one line; steps that run side by side never mix theirs."""
        with self._mutex:
            self._write(f"[{clock(self._now() - self._start):>5}] {text}")

    @contextmanager
    def step(self, name: str, doing: str) -> Iterator[None]:
        """Announce a step, keep saying that it goes on, and say how long it took."""
        began = self._now()
        self.say(f"{name}: {doing}")
        over = threading.Event()
        heart = threading.Thread(target=self._beat, args=(name, began, over), daemon=True)
        heart.start()
        try:
            yield
        except BaseException:
            self.say(f"{name}: failed after {clock(self._now() - began)}")
            raise
        else:
            if self._now() - began > QUIET:
                self.say(f"{name}: done in {clock(self._now() - began)}")
        finally:
            over.set()
            heart.join()

    def _beat(self, name: str, began: float, over: threading.Event) -> None:
        while not over.wait(HEARTBEAT):
            self.say(f"{name}: still at it, {clock(self._now() - began)} so far")

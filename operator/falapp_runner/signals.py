"""Hear SIGTERM even while setup() keeps the main thread inside a C call.

Python runs signal handlers between two bytecodes of the main thread: not while it loads a model
in C++ or sleeps. The interpreter's own handler in C, though, writes the signal's number to the
wakeup descriptor at once, and a thread of ours reads it there.
"""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

HEARD = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """Calls `heard` in a thread of its own for each SIGTERM and SIGINT; main thread only."""

    def __init__(self, heard: Callable[[signal.Signals], None]) -> None:
        self._heard = heard
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._masks = threading.local()

    def start(self) -> None:
        """Listen until the process ends."""
        self.arm()
        os.register_at_fork(
            before=self._hold, after_in_parent=self._release, after_in_child=self._forget
        )
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._listen, name="falapp-signals", daemon=True).start()

    def arm(self) -> bool:
        """Take the signals (back); False if the app's code had put its own handlers in place."""
        before = [signal.signal(number, self._relay) for number in HEARD]
        return all(handler == self._relay for handler in before)

    @contextlib.contextmanager
    def first(self) -> Iterator[None]:
        """Have the wakeup descriptor inside a running event loop, which took it for itself."""
        before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)

    def close(self) -> None:
        """Listen no more."""
        self._writer.close()

    # A fork has the socket and the handlers too: left as they are, `Pool.terminate()` would end the
    # parent in its workers' place. Held back meanwhile, no signal of the child's is lost.

    def _hold(self) -> None:
        self._masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)

    def _release(self) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._masks.before)

    def _forget(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in HEARD:
            if signal.getsignal(number) == self._relay:
                signal.signal(number, signal.SIG_DFL)
        self._release()

    def _relay(self, number: int, frame: FrameType | None) -> None:
        # the main thread may be interrupted anywhere, even with a lock in its hand: only pass it on
        with contextlib.suppress(BlockingIOError):
            self._writer.send(bytes([number]))

    def _listen(self) -> None:
        while numbers := self._reader.recv(64):
            for number in numbers:
                if number in HEARD:
                    self._heard(signal.Signals(number))
        self._reader.close()

"""Who has been in work for too long: one timer for all requests, since all have the same time."""

import asyncio
import contextvars
import time
from collections.abc import Callable

from falapp_runner.serving.exchange import Exchange


class Deadlines:
    """Calls `late` with each request that is in it for longer than `timeout`, in its context."""

    def __init__(self, timeout: float | None, late: Callable[[Exchange], None]) -> None:
        self._timeout = timeout
        self._late = late
        self._began: dict[Exchange, tuple[float, contextvars.Context]] = {}  # the oldest first
        self._timer: asyncio.TimerHandle | None = None

    def add(self, one: Exchange) -> None:
        """Count the request's time from now on."""
        if self._timeout is None:
            return
        # a timer has the context of the request that set it, which is not the one that is late
        self._began[one] = time.monotonic(), contextvars.copy_context()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._timeout, self._look)

    def remove(self, one: Exchange) -> None:
        """Count it no longer."""
        self._began.pop(one, None)

    def _look(self) -> None:
        assert self._timeout is not None  # noqa: S101 - nothing is added without one
        self._timer = None
        while self._began:
            oldest, (began, context) = next(iter(self._began.items()))
            left = began + self._timeout - time.monotonic()
            if left > 0:
                self._timer = asyncio.get_running_loop().call_later(left, self._look)
                return
            del self._began[oldest]
            context.run(self._late, oldest)

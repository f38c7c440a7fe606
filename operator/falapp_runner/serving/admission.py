"""How many requests the app answers at once, and how many may wait."""

import asyncio
import contextlib
from collections import deque


class FullError(Exception):
    """As many requests wait as may."""


class Slots:
    """A limit with a bounded queue, first come, first served; only for the loop's thread."""

    def __init__(self, limit: int, most_queued: int) -> None:
        self.limit = limit
        self.in_flight = 0
        self._most_queued = most_queued
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def queued(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def busy(self) -> bool:
        """Whether the next request would have to wait."""
        return self.in_flight >= self.limit

    def take(self) -> bool:
        """Take a slot if one is free: what costs next to nothing, as nearly always."""
        if self.in_flight < self.limit:
            self.in_flight += 1
            return True
        return False

    async def wait(self) -> None:
        """Take a slot when it is this request's turn; `FullError` if too many wait already."""
        if len(self._waiting) >= self._most_queued:
            raise FullError
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()  # its turn came in the moment in which it was cancelled
            else:
                with contextlib.suppress(ValueError):  # leave() has passed it over in the meantime
                    self._waiting.remove(turn)
            raise

    def leave(self) -> None:
        """Give the slot to the next one."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.in_flight -= 1

"""What can go wrong between the operator and the API server."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.faults.asked import Asked

Matches = Callable[[Asked], bool]
When = Callable[[int], bool]
"""Whether to strike, from how many there were by now."""


class LostError(Exception):
    """The connection breaks: the asker gets no answer."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An answer that is not the API server's."""

    status: int
    reason: str
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """Return the answer as the API server would write it."""
        return json.dumps(
            {
                "kind": "Status",
                "apiVersion": "v1",
                "status": "Failure",
                "message": f"made up by the tests: {self.reason}",
                "reason": self.reason,
                "code": self.status,
                "details": {"retryAfterSeconds": 1} if self.status == 429 else {},
            }
        ).encode()


CONFLICT = Refusal(status=409, reason="Conflict")
GONE = Refusal(status=410, reason="Expired")
BUSY = Refusal(status=429, reason="TooManyRequests", headers={"Retry-After": "1"})
BROKEN = Refusal(status=500, reason="InternalError")


class Fault:
    """No trouble at all; the others change what they must."""

    struck = 0
    """How many times it made trouble."""

    async def before(self, asked: Asked) -> Refusal | None:
        """Return what is answered in the API server's place."""
        return None

    async def after(self, asked: Asked) -> None:
        """See a request that the API server has carried out.

        Raises:
            LostError: The asker is not to hear of it.
        """

    async def event(self, asked: Asked, line: bytes) -> bytes | None:
        """Return an event of a watch as the watcher gets it, or None if it does not.

        Raises:
            LostError: The watch ends before this event.
        """
        return line


class Counted(Fault):
    """Counts what matches, and strikes when the count says so."""

    def __init__(self, when: When, matches: Matches) -> None:
        self._when = when
        self._matches = matches
        self._count = 0

    def strikes(self, asked: Asked) -> bool:
        """Return whether to make trouble of this request or event; it is counted."""
        if not self._matches(asked):
            return False
        self._count += 1
        struck = self._when(self._count)
        self.struck += struck
        return struck


class Answered(Counted):
    """Requests are refused."""

    def __init__(self, when: When, matches: Matches, refusal: Refusal) -> None:
        super().__init__(when, matches)
        self._refusal = refusal

    async def before(self, asked: Asked) -> Refusal | None:
        return self._refusal if self.strikes(asked) else None


class Committed(Counted):
    """Requests are carried out, and then the connection breaks."""

    async def after(self, asked: Asked) -> None:
        if self.strikes(asked):
            raise LostError


class Killed(Counted):
    """The process that asks is killed when a request of its was carried out."""

    def __init__(self, when: When, matches: Matches, kill: Callable[[], Awaitable[None]]) -> None:
        super().__init__(when, matches)
        self._kill = kill

    async def after(self, asked: Asked) -> None:
        if self.strikes(asked):
            await self._kill()
            raise LostError


class Dropped(Counted):
    """Events never come, though their watch goes on."""

    async def event(self, asked: Asked, line: bytes) -> bytes | None:
        return None if self.strikes(asked) else line


class Cut(Counted):
    """Watches break before an event."""

    async def event(self, asked: Asked, line: bytes) -> bytes | None:
        if self.strikes(asked):
            raise LostError
        return line


class Expired(Counted):
    """Instead of an event the watcher is told that its resourceVersion is too old."""

    async def event(self, asked: Asked, line: bytes) -> bytes | None:
        if not self.strikes(asked):
            return line
        return b'{"type":"ERROR","object":' + GONE.body() + b"}"


class Late(Counted):
    """An event, and all that follow it in its watch, come later."""

    def __init__(self, when: When, matches: Matches, seconds: float) -> None:
        super().__init__(when, matches)
        self._seconds = seconds

    async def event(self, asked: Asked, line: bytes) -> bytes | None:
        if self.strikes(asked):
            await asyncio.sleep(self._seconds)
        return line


def once(n: int) -> When:
    """Strike at the n-th only."""
    return lambda count: count == n


def every(n: int) -> When:
    """Strike at each n-th."""
    return lambda count: count % n == 0


def writes(asked: Asked) -> bool:
    """Match what may change something."""
    return asked.is_write


def tells(asked: Asked) -> bool:
    """Match Events."""
    return asked.method == "POST" and asked.plural == "events"


def changes(asked: Asked) -> bool:
    """Match writes to what may have been changed meanwhile: what is there is made by nobody."""
    return asked.is_write and asked.method != "POST"


def requests(asked: Asked) -> bool:
    """Match everything but watches."""
    return not asked.watch


def watches(*plurals: str) -> Matches:
    """Match watches: of some kinds, or of all of them."""
    return lambda asked: asked.watch and (not plurals or asked.plural in plurals)

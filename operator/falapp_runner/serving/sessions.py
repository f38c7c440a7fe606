"""Open websockets: which are in the middle of something, and how they end with the runner."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from falapp_runner.serving import admission, exchange

Receive = Callable[[], Awaitable[exchange.Message]]

RESTARTS = 1012
"""The code with which a client is told to connect again, to another runner."""
POLL = 0.05


class Session:
    """One websocket, with what its endpoint does."""

    def __init__(self, receive: Receive, send: exchange.Send) -> None:
        self._receive = receive
        self._send = send
        self._task: asyncio.Task[Any] | None = asyncio.current_task()
        self._listens = False
        self._owes = False
        self._alone = True
        self._gone = False
        self._waits = False
        self._left = False

    @property
    def idle(self) -> bool:
        """Whether it is sure that no message is being worked on.

        Only of an endpoint that does one thing after another can that be known: it has said
        something since the last message, and waits for the next one.
        """
        return self._listens and self._alone and not self._owes and not self._gone

    async def turn(self, slots: admission.Slots) -> bool:
        """Wait for a slot; False if the client has left before it was free."""
        self._waits = True
        try:
            await slots.wait()
        except asyncio.CancelledError:
            if self._task is None or not self._left:  # the process ends
                raise
            self._task.uncancel()
            return False
        finally:
            self._waits = False
        return True

    def client_gone(self) -> None:
        """End its wait for a slot; an endpoint hears it by itself, as it receives."""
        if self._waits and self._task is not None:
            self._left = True
            self._task.cancel()

    async def receive(self) -> exchange.Message:
        """Receive the next message, for the endpoint."""
        self._note_task()
        self._listens = True
        try:
            message = await self._receive()
        finally:
            self._listens = False
        self._owes = message["type"] == "websocket.receive"
        return message

    async def send(self, message: exchange.Message) -> None:
        """Send what the endpoint says."""
        self._note_task()
        await self._send(message)
        self._owes = False

    def _note_task(self) -> None:
        if asyncio.current_task() is not self._task:
            self._alone = False

    async def go(self) -> None:
        """Tell the client to go; the endpoint hears that it is gone."""
        self._gone = True
        with contextlib.suppress(OSError):  # it has gone by itself
            await self._send({"type": "websocket.close", "code": RESTARTS})


class Sessions:
    """All websockets that are open, or wait for their slot."""

    def __init__(self) -> None:
        self._open: set[Session] = set()

    @contextlib.contextmanager
    def one(self, receive: Receive, send: exchange.Send) -> Iterator[Session]:
        """Count a websocket, for as long as it is served."""
        session = Session(receive, send)
        self._open.add(session)
        try:
            yield session
        finally:
            self._open.discard(session)

    async def end(self, seconds: float) -> None:
        """Return when all have ended, or after so many seconds; idle ones are told to go."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._open:
                    for session in [one for one in self._open if one.idle]:
                        await session.go()
                    await asyncio.sleep(POLL)

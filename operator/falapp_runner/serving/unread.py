"""What a client has yet to send of a request, on a connection that ends with the answer.

A server that closes while something is on its way to it has the kernel answer that with a reset,
at which the client's kernel throws away what of the answer was not read yet (RFC 9112, section
9.6). It takes no more than an endpoint that does not look at its body, and a client that sends that
apart.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]

PATIENCE = 2.0
"""Seconds for the rest of a body that nobody reads."""


class Unread:
    """The rest of a request's body."""

    __slots__ = ("_more", "_receive")

    def __init__(self, receive: Callable[[], Awaitable[Message]]) -> None:
        self._receive = receive
        self._more = True

    async def receive(self) -> Message:
        """Return the next part of the request."""
        message = await self._receive()
        self._more = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def drop(self) -> None:
        """Take what is left of it, before the answer's end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self._more:
                    await self.receive()


def closes(scope: Message, headers: Mapping[bytes, bytes]) -> bool:
    """Return whether a request is its connection's last."""
    return b"close" in headers.get(b"connection", b"").lower() or scope["http_version"] == "1.0"

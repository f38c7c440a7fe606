"""uvicorn's protocols, which also tell a request that its client is gone.

ASGI says it only to who asks with `receive()`: one more task for every request.
"""

import asyncio
import importlib
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from falapp_runner.serving import connection


class Tells(asyncio.Protocol):
    """What the protocols share; stands before one of uvicorn's."""

    app: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._connection: connection.Connection = self.app.connect()  # our Application

    def connection_lost(self, exc: Exception | None) -> None:
        """End what the client waited for."""
        super().connection_lost(exc)
        self._connection.lost()


class Protocol(Tells, HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.app = self._connection


class _Talks(Tells):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.app = self._connection.talk


def talks() -> Any:
    """Return what uvicorn would take for websockets, telling likewise; this imports it."""
    found = importlib.import_module("uvicorn.protocols.websockets.auto").AutoWebSocketsProtocol
    return "none" if found is None else type("Talks", (_Talks, found), {})

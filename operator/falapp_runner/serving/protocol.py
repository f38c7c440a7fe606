"""uvicorn's HTTP protocol, which also tells a request that its client is gone.

ASGI says it only to who asks with `receive()`: one more task for every request.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Protocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._connection = self.app.connect()  # our Application
        self.app = self._connection

    def connection_lost(self, exc: Exception | None) -> None:
        """End what the client waited for."""
        super().connection_lost(exc)
        self._connection.lost()

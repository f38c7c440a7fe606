"""One client's connection: its requests, and its end."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from falapp_runner.serving import exchange, sessions

Receive = Callable[[], Awaitable[exchange.Message]]


class Serves(Protocol):
    """What this module uses of the application."""

    def http(
        self,
        scope: exchange.Message,
        receive: Receive,
        send: exchange.Send,
        connection: "Connection",
    ) -> Awaitable[None]:
        """Serve one request."""

    def websocket(
        self,
        scope: exchange.Message,
        receive: Receive,
        send: exchange.Send,
        connection: "Connection",
    ) -> Awaitable[None]:
        """Serve one websocket."""


class Connection:
    """One connection's requests, which come one after another, or its websocket, and its end."""

    __slots__ = ("_application", "current")

    def __init__(self, application: Serves) -> None:
        self._application = application
        self.current: exchange.Exchange | sessions.Session | None = None

    def __call__(
        self, scope: exchange.Message, receive: Receive, send: exchange.Send
    ) -> Awaitable[None]:
        """Serve one request."""
        return self._application.http(scope, receive, send, self)

    def talk(
        self, scope: exchange.Message, receive: Receive, send: exchange.Send
    ) -> Awaitable[None]:
        """Serve a websocket."""
        return self._application.websocket(scope, receive, send, self)

    def lost(self) -> None:
        """End what is in work: its client is gone."""
        if self.current is not None:
            self.current.client_gone()

"""One client's connection: its requests, and its end."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from falapp_runner.serving import exchange

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


class Connection:
    """One connection's requests, which come one after another, and its end."""

    __slots__ = ("_application", "exchange")

    def __init__(self, application: Serves) -> None:
        self._application = application
        self.exchange: exchange.Exchange | None = None

    def __call__(
        self, scope: exchange.Message, receive: Receive, send: exchange.Send
    ) -> Awaitable[None]:
        """Serve one request."""
        return self._application.http(scope, receive, send, self)

    def lost(self) -> None:
        """End the request in work: its client is gone."""
        if self.exchange is not None:
            self.exchange.client_gone()

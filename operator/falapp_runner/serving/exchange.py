"""One request and its answer: what is added to the answer, and what ends it early."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from fastapi.responses import JSONResponse

from falapp_runner.serving import context, errors, unread

if TYPE_CHECKING:
    from falapp_runner.serving import known

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

CLIENT_GONE = 499
OVERDUE = 504
STOP_RUNNER = b"x-fal-stop-runner"


Add = Callable[["Exchange", Message], None]


class Exchange:
    """The state of one request."""

    __slots__ = (
        "_send",
        "add",
        "cancellable",
        "complete",
        "context",
        "late",
        "path",
        "reason",
        "scope",
        "started",
        "status",
        "stop_runner",
        "task",
        "unread",
        "varies",
    )

    def __init__(self, scope: Message, send: Send, add: "Add", path: "known.Path") -> None:
        self.scope = scope
        self._send = send
        self.add = add
        self.context: context.RequestContext | None = None
        task = asyncio.current_task()
        assert task is not None, "a request is answered in a task"  # noqa: S101
        self.task: asyncio.Task[Any] = task
        self.path = path
        self.cancellable = True
        self.started = False
        self.complete = False
        self.status = 0
        self.reason = 0
        """The status with which it ended early, or 0."""
        self.stop_runner = False
        self.varies = False
        """Whether CORS would have had its say, had it been asked."""
        self.unread: unread.Unread | None = None
        """What is left of the request, where its connection ends with the answer."""
        self.late: asyncio.Task[None] | None = None
        """What answers in the place of an endpoint that cannot be ended."""

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer, if it has not ended early."""
        if self.reason:
            return
        last = False
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            self.add(self, message)
        else:
            last = not message.get("more_body", False)
            if last and self.unread is not None:
                await self.unread.drop()
        await self._send(message)
        self.complete = last  # no sooner: even the last part waits for a client that does not read

    def client_gone(self) -> None:
        """End it, for nobody waits for its answer: an endpoint in a thread goes on unheard."""
        if not self.complete and not self.reason:
            self.reason = CLIENT_GONE
            self._cancel()

    def overdue(self) -> None:
        """End it, for it has had its time."""
        if not self.complete and not self.reason:
            self.reason = OVERDUE
            self._cancel()

    def _cancel(self) -> None:
        if self.cancellable or self.started:
            self.task.cancel()

    async def answer(self, status: int, detail: str, *more: tuple[bytes, bytes]) -> None:
        """Answer without the app, unless an answer has begun."""
        if self.started:
            return
        self.started = self.complete = True
        self.status = status
        body = JSONResponse({"detail": detail}).body
        start: Message = {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-length", str(len(body)).encode()),
                (b"content-type", b"application/json"),
                (b"x-fal-billable-units", b"0"),
                *more,
            ],
        }
        self.scope[errors.UNHANDLED] = True
        self.add(self, start)
        await self._send(start)
        if self.unread is not None:
            await self.unread.drop()
        await self._send({"type": "http.response.body", "body": body})

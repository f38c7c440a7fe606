"""The outermost ASGI application: everything between uvicorn and the app's routes, in one layer.

fal nests three HTTP middlewares, each with a task and two streams of its own for every request.
What they do is done here in place: `self.current_request`, hints, the CDN's token, CORS.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

import fal
from fastapi import Request
from starlette.routing import WebSocketRoute

from falapp_runner.serving import (
    additions,
    admission,
    connection,
    context,
    direct,
    errors,
    exchange,
    known,
    logs,
    metrics,
    overdue,
    sessions,
    stacks,
    threads,
    traces,
    unread,
    websockets,
)
from falapp_runner.serving.options import Options
from falapp_runner.serving.routes import Routes

Receive = Callable[[], Awaitable[exchange.Message]]

JSON = b"application/json"
LATER = (b"retry-after", b"1")
NEVER_ENDS = 5.0
"""Seconds in which an endpoint that was cancelled has to end."""


class Application:
    """Serves one app's requests; `connect` gives what one connection's requests go to."""

    def __init__(
        self,
        app: Any,
        routes: Routes,
        options: Options,
        counts: metrics.Metrics,
        lost: Callable[[str], None],
    ) -> None:
        self._app = app
        self._asgi = routes.asgi
        self._options = options
        self._lost = lost
        self._sessions = sessions.Sessions()
        self._slots = admission.Slots(options.max_multiplexing, options.max_queued)
        self._known = known.Paths(routes, counts)
        self._plain, self._cors = stacks.pair(routes)
        self._keeps_context = isinstance(app, fal.App) and not routes.fals_own
        self._varies = stacks.varies() and not routes.fals_own
        self._traces = traces.start(options)
        self._additions = additions.Additions(app, keeps_context=self._keeps_context)
        self._deadlines = overdue.Deadlines(options.request_timeout, self._overdue)
        counts.in_flight = lambda: self._slots.in_flight
        counts.queued = lambda: self._slots.queued

    @property
    def talks(self) -> bool:
        """Whether a route is a websocket's; an app that builds itself may have any."""
        routes = self._asgi.routes
        return not self._keeps_context or any(isinstance(r, WebSocketRoute) for r in routes)

    @property
    def busy(self) -> bool:
        """Whether as many requests are in work as the app takes at once."""
        return self._slots.busy

    def drain(self) -> None:
        """Ask for every connection to be closed after its next answer."""
        self._additions.draining = True

    async def end_sessions(self, seconds: float) -> None:
        """Let websockets come to their end, for so many seconds at most."""
        await self._sessions.end(seconds)

    def connect(self) -> connection.Connection:
        """Return the application for one connection."""
        return connection.Connection(self)

    async def __call__(
        self, scope: exchange.Message, receive: Receive, send: exchange.Send
    ) -> None:
        """Serve what comes without a connection of its own: websockets, the lifespan."""
        kind = scope["type"]
        if kind == "http":
            await self.http(scope, receive, send, connection.Connection(self))
        elif kind == "websocket":
            await self.websocket(scope, receive, send, connection.Connection(self))
        else:
            scope["app"] = self._asgi
            await self._plain(scope, receive, send)

    async def http(
        self,
        scope: exchange.Message,
        receive: Receive,
        send: exchange.Send,
        client: connection.Connection,
    ) -> None:
        """Serve one request, from its arrival until its answer's end."""
        began = time.perf_counter()
        headers = dict(scope["headers"])
        self._identify(scope, headers)
        path = self._known.find(scope)
        one = exchange.Exchange(scope, send, self._additions.add, path)
        client.current = one
        if self._additions.draining or unread.closes(scope, headers):
            one.unread = unread.Unread(receive)
            receive = one.unread.receive
        try:
            if not path.limited:
                await self._route(one, receive, headers)
            elif self._slots.take() or await self._turn(one):
                one.cancellable = path.cancellable or path.tells
                if path.tells:
                    threads.running.set(one)
                self._deadlines.add(one)
                try:
                    await self._route(one, receive, headers)
                finally:
                    self._deadlines.remove(one)
                    self._slots.leave()
                if one.reason == exchange.OVERDUE:  # the endpoint took its end for something else
                    await self._answer_overdue(one)
        except asyncio.CancelledError:
            if not one.reason:  # the process ends
                raise
            one.task.uncancel()
            if one.reason == exchange.OVERDUE:
                await self._answer_overdue(one)
        finally:
            if client.current is one:  # its background tasks may end after the next one came
                client.current = None
            self._done(one, time.perf_counter() - began)

    def _identify(self, scope: exchange.Message, headers: dict[bytes, bytes]) -> None:
        given = headers.get(context.REQUEST_ID)
        if given is None:
            made = f"{random.getrandbits(128):032x}"
            text = f"{made[:8]}-{made[8:12]}-{made[12:16]}-{made[16:20]}-{made[20:]}"
            scope["headers"].append((context.REQUEST_ID, text.encode()))
        else:
            text = given.decode("latin-1")
        context.request_id.set(text)
        scope["app"] = self._asgi
        if self._asgi.root_path:
            scope["root_path"] = self._asgi.root_path

    async def _turn(self, one: exchange.Exchange) -> bool:
        try:
            await self._slots.wait()
        except admission.FullError:
            detail = (
                f"{self._slots.in_flight} requests are in work and {self._slots.queued} wait; "
                "send it again later"
            )
            await one.answer(429, detail, LATER, (b"x-fal-needs-retry", b"1"))
            return False
        return True

    def _overdue(self, one: exchange.Exchange) -> None:
        if one.complete:  # its background tasks are not the request's
            return
        one.overdue()
        loop = asyncio.get_running_loop()
        if not one.cancellable and not one.started:
            one.late = loop.create_task(self._answer_overdue(one))
            self._never_ends(one)
        else:
            loop.call_later(NEVER_ENDS, self._never_ends, one)

    async def _answer_overdue(self, one: exchange.Exchange) -> None:
        detail = f"the request took longer than {self._options.request_timeout:g} s"
        await one.answer(exchange.OVERDUE, detail, (b"x-fal-error-type", b"request_timeout"))

    def _never_ends(self, one: exchange.Exchange) -> None:
        if not one.task.done():
            self._lost(
                f"a request to {one.path.label} took longer than requestTimeout "
                f"({self._options.request_timeout:g} s) and cannot be ended"
            )

    async def _route(
        self, one: exchange.Exchange, receive: Receive, headers: dict[bytes, bytes]
    ) -> None:
        stack = self._cors if b"origin" in headers else self._plain
        if self._keeps_context and not await self._remember(one, headers):
            return
        one.varies = self._varies and b"origin" not in headers
        short = one.path.direct
        try:
            if self._traces is not None:
                with self._traces.span(one):
                    await stack(one.scope, receive, one.send)
            elif short is None or headers.get(b"content-type") != JSON or b"origin" in headers:
                await stack(one.scope, receive, one.send)
            else:
                await self._shortly(short, one, receive)
        except Exception as error:
            if one.started:
                if one.complete:
                    return
                raise  # nothing tells the caller so but the broken connection
            answer = await errors.unhandled(one.scope, error)
            await answer(one.scope, receive, one.send)

    async def _shortly(
        self, short: direct.Direct, one: exchange.Exchange, receive: Receive
    ) -> None:
        message = await receive()
        try:
            if not message.get("more_body") and await short.serve(one, message, receive):
                return
        except Exception as error:
            handler = stacks.handler(self._asgi, error)
            if handler is None or one.started:
                raise
            answer = await handler(Request(one.scope), error)
            await answer(one.scope, receive, one.send)
            return
        first = [message]

        async def again() -> exchange.Message:
            return first.pop() if first else await receive()

        await self._plain(one.scope, again, one.send)

    async def _remember(self, one: exchange.Exchange, headers: dict[bytes, bytes]) -> bool:
        """Set what `self.current_request` answers; False if a header has been refused."""
        policy = None
        raw = one.scope["headers"]
        if context.UPLOAD_POLICY in headers:
            try:
                policy = context.policy(context.decoded(raw))
            except fal.exceptions.AppException as error:
                await one.answer(error.status_code, error.message)
                return False
        one.context = context.RequestContext(raw, policy)
        self._app._current_request_context.set(one.context)
        if context.LIFECYCLE in headers:
            context.remember_lifecycle(one.context.lifecycle_preference)
        return True

    def _done(self, one: exchange.Exchange, seconds: float) -> None:
        path = one.path
        status = one.reason or one.status
        path.counts.add(status, seconds)
        if self._options.access_log:
            method, asked = one.scope["method"], one.scope["path"]
            logs.say(f"{method} {asked}", status=status, seconds=round(seconds, 6))
        if one.stop_runner or (one.status == 503 and path.limited):
            said = "x-fal-stop-runner" if one.stop_runner else "503"
            self._lost(f"{path.label} answered {said}, with which an app asks for a new runner")

    async def websocket(
        self,
        scope: exchange.Message,
        receive: Receive,
        send: exchange.Send,
        client: connection.Connection,
    ) -> None:
        """Serve one websocket, from its handshake until its end."""
        scope["app"] = self._asgi
        headers = dict(scope["headers"])
        path = self._known.find(scope)
        if context.UPLOAD_POLICY in headers and self._keeps_context:
            await send({"type": "websocket.close", "code": 1008})
            return
        with self._sessions.one(receive, send) as session:
            client.current = session
            if refused := await websockets.turn(scope, session, self._slots):
                path.counts.add(refused, 0.0)
                return
            began = time.perf_counter()
            context.request_id.set(headers.get(context.REQUEST_ID, b"").decode("latin-1"))
            stack = self._cors if b"origin" in headers else self._plain
            try:
                await stack(scope, session.receive, session.send)
            finally:
                self._slots.leave()
                path.counts.add(101, time.perf_counter() - began)

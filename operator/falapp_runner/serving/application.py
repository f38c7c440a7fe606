"""The outermost ASGI application: everything between uvicorn and the app's routes, in one layer.

fal nests three HTTP middlewares, each with a task and two streams of its own for every request.
What they do is done here in place: `self.current_request`, hints, the CDN's token, CORS.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import fal
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from falapp_runner.serving import admission, context, errors, exchange, known, logs, metrics, traces
from falapp_runner.serving.options import Options
from falapp_runner.serving.routes import Routes

Receive = Callable[[], Awaitable[exchange.Message]]
ASGI = Callable[[exchange.Message, Receive, exchange.Send], Awaitable[None]]

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
        self._slots = admission.Slots(options.max_multiplexing, options.max_queued)
        self._known = known.Paths(routes, counts)
        self._plain, self._cors = _stacks(routes)
        self._keeps_context = isinstance(app, fal.App) and not routes.fals_own
        self._traces = traces.start(options)
        self.draining = False
        """Whether answers ask for the connection to be closed, so that nothing more comes on it."""
        self.served_from = b""
        counts.in_flight = lambda: self._slots.in_flight
        counts.queued = lambda: self._slots.queued

    @property
    def busy(self) -> bool:
        """Whether as many requests are in work as the app takes at once."""
        return self._slots.busy

    def connect(self) -> "Connection":
        """Return the application for one connection."""
        return Connection(self)

    async def __call__(
        self, scope: exchange.Message, receive: Receive, send: exchange.Send
    ) -> None:
        """Serve what comes without a connection of its own: websockets, the lifespan."""
        kind = scope["type"]
        if kind == "http":
            await self.http(scope, receive, send, Connection(self))
            return
        scope["app"] = self._asgi
        if kind == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._plain(scope, receive, send)

    async def http(
        self,
        scope: exchange.Message,
        receive: Receive,
        send: exchange.Send,
        connection: "Connection",
    ) -> None:
        """Serve one request, from its arrival until its answer's end."""
        began = time.perf_counter()
        headers = dict(scope["headers"])
        if context.REQUEST_ID not in headers:
            made = str(uuid.uuid4())
            scope["headers"].append((context.REQUEST_ID, made.encode()))
            context.request_id.set(made)
        else:
            context.request_id.set(headers[context.REQUEST_ID].decode("latin-1"))
        scope["app"] = self._asgi
        if self._asgi.root_path:
            scope["root_path"] = self._asgi.root_path
        path = self._known.find(scope)
        one = exchange.Exchange(scope, send, self._add)
        one.task = asyncio.current_task()
        connection.exchange = one
        try:
            if not path.limited:
                await self._route(one, receive, headers, path)
            elif await self._turn(one):
                try:
                    await self._timed(one, receive, headers, path)
                finally:
                    self._slots.leave()
        except asyncio.CancelledError:
            if one.reason != exchange.CLIENT_GONE:  # the process ends
                raise
        finally:
            connection.exchange = None
            self._done(one, path, time.perf_counter() - began)

    async def _turn(self, one: exchange.Exchange) -> bool:
        if self._slots.take():
            return True
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

    async def _timed(
        self,
        one: exchange.Exchange,
        receive: Receive,
        headers: dict[bytes, bytes],
        path: known.Path,
    ) -> None:
        one.cancellable = path.cancellable
        timeout = self._options.request_timeout
        if timeout is None:
            await self._route(one, receive, headers, path)
            return
        timer = asyncio.get_running_loop().call_later(timeout, self._overdue, one, path)
        try:
            await self._route(one, receive, headers, path)
        except asyncio.CancelledError:
            if one.reason != exchange.OVERDUE:
                raise
            assert one.task is not None  # noqa: S101
            one.task.uncancel()
            await self._answer_overdue(one)
        finally:
            timer.cancel()

    def _overdue(self, one: exchange.Exchange, path: known.Path) -> None:
        one.overdue()
        loop = asyncio.get_running_loop()
        if not one.cancellable and not one.started:
            one.late = loop.create_task(self._answer_overdue(one))
            self._never_ends(one, path)
        else:
            loop.call_later(NEVER_ENDS, self._never_ends, one, path)

    async def _answer_overdue(self, one: exchange.Exchange) -> None:
        detail = f"the request took longer than {self._options.request_timeout:g} s"
        await one.answer(exchange.OVERDUE, detail, (b"x-fal-error-type", b"request_timeout"))

    def _never_ends(self, one: exchange.Exchange, path: known.Path) -> None:
        if one.task is not None and not one.task.done():
            self._lost(
                f"a request to {path.label} took longer than requestTimeout "
                f"({self._options.request_timeout:g} s) and cannot be ended"
            )

    async def _route(
        self,
        one: exchange.Exchange,
        receive: Receive,
        headers: dict[bytes, bytes],
        path: known.Path,
    ) -> None:
        scope = one.scope
        stack = self._cors if b"origin" in headers else self._plain
        if self._keeps_context and not await self._remember(one, headers):
            return
        span = self._traces.span(scope, path.label) if self._traces else contextlib.nullcontext()
        with span as noted:
            try:
                await stack(scope, receive, one.send)
            except Exception:
                if not one.complete:  # nothing tells the caller so but the broken connection
                    raise
            finally:
                if noted is not None:
                    noted.set_attribute("http.response.status_code", one.reason or one.status)

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

    def _add(self, one: exchange.Exchange, message: exchange.Message) -> None:
        """Add our headers to an answer, and take out what is meant for us."""
        added = [
            pair
            for pair in message["headers"]
            if pair[0] not in (exchange.STOP_RUNNER, context.REQUEST_ID)
        ]
        if len(added) < len(message["headers"]):
            one.stop_runner = (exchange.STOP_RUNNER, b"true") in message["headers"]
        request_id = context.request_id.get().encode("latin-1")
        added += ((context.REQUEST_ID, request_id), (b"x-fal-served-from", self.served_from))
        if self.draining:
            added.append((b"connection", b"close"))
        if self._keeps_context and errors.UNHANDLED not in one.scope:
            added += self._hints()
            if one.context is not None and (token := one.context.new_token):
                added.append((context.CDN_TOKEN.encode(), token.encode("latin-1")))
        message["headers"] = added

    def _hints(self) -> list[tuple[bytes, bytes]]:
        try:
            hints = self._app.provide_hints()
            fit = [hint.encode("latin-1", "ignore") for hint in hints if known.in_latin_1(hint)]
        except NotImplementedError:  # no hints, which differs from an empty list of them
            return []
        except Exception as error:
            logs.say(f"provide_hints() raised {type(error).__name__}: {error}", level="ERROR")
            return []
        return [(b"x-fal-runner-hints", b",".join(fit))]

    def _done(self, one: exchange.Exchange, path: known.Path, seconds: float) -> None:
        status = one.reason or one.status
        path.counts.add(status, seconds)
        if self._options.access_log:
            method, asked = one.scope["method"], one.scope["path"]
            logs.say(f"{method} {asked}", status=status, seconds=round(seconds, 6))
        if one.stop_runner or (one.status == 503 and path.limited):
            said = "x-fal-stop-runner" if one.stop_runner else "503"
            self._lost(f"{path.label} answered {said}, with which an app asks for a new runner")

    async def _websocket(
        self, scope: exchange.Message, receive: Receive, send: exchange.Send
    ) -> None:
        headers = dict(scope["headers"])
        path = self._known.find(scope)
        if context.UPLOAD_POLICY in headers and self._keeps_context:
            await send({"type": "websocket.close", "code": 1008})
            return
        if not self._slots.take():
            try:
                await self._slots.wait()
            except admission.FullError:
                await _refuse(scope, send)
                path.counts.add(429, 0.0)
                return
        began = time.perf_counter()
        context.request_id.set(headers.get(context.REQUEST_ID, b"").decode("latin-1"))
        try:
            await (self._cors if b"origin" in headers else self._plain)(scope, receive, send)
        finally:
            self._slots.leave()
            path.counts.add(101, time.perf_counter() - began)


class Connection:
    """One connection's requests, which come one after another, and its end."""

    __slots__ = ("_application", "exchange")

    def __init__(self, application: Application) -> None:
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


def _stacks(routes: Routes) -> tuple[ASGI, ASGI]:
    """Return the routes without and with CORS; to most requests CORS has nothing to add."""
    asgi: FastAPI = routes.asgi
    if routes.fals_own:
        return asgi, asgi
    plain = asgi.build_middleware_stack()
    asgi.add_middleware(
        CORSMiddleware,
        allow_credentials=True,
        allow_headers="*",
        allow_methods="*",
        allow_origins="*",
    )
    return plain, asgi.build_middleware_stack()


async def _refuse(scope: exchange.Message, send: exchange.Send) -> None:
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1013})
        return
    body = b'{"detail":"too many requests wait; connect again later"}'
    headers = [LATER, (b"content-type", b"application/json")]
    await send({"type": "websocket.http.response.start", "status": 429, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})

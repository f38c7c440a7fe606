"""FastAPI's own layers around the routes, as few of them as a request needs."""

import contextlib
import functools
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware

from falapp_runner.serving import exchange
from falapp_runner.serving.routes import Routes

Receive = Callable[[], Awaitable[exchange.Message]]
ASGI = Callable[[exchange.Message, Receive, exchange.Send], Awaitable[None]]

VARY = (b"vary", b"Origin")


def pair(routes: Routes) -> tuple[ASGI, ASGI]:
    """Return the routes without and with CORS; to most requests CORS has nothing to add."""
    asgi: FastAPI = routes.asgi
    if routes.fals_own:
        return asgi, asgi
    plain = _without_last_resort(asgi)
    asgi.add_middleware(CORS)
    return plain, _without_last_resort(asgi)


CORS: Any = functools.partial(
    CORSMiddleware,
    allow_credentials=True,
    allow_headers="*",
    allow_methods="*",
    allow_origins="*",
)


def varies() -> bool:
    """Return whether this starlette's CORS says `Vary: Origin` also to who names no origin."""
    heard: list[Any] = []

    async def app(scope: exchange.Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: exchange.Message) -> None:
        heard.extend(message["headers"])

    asked = CORS(app)({"type": "http", "method": "POST", "headers": []}, None, send)
    with contextlib.suppress(StopIteration):
        asked.send(None)  # it waits for nothing
    return VARY in heard


def _without_last_resort(asgi: FastAPI) -> ASGI:
    """Leave out the layer that answers 500: ours is around it, and does that."""
    stack: Any = asgi.build_middleware_stack()
    return stack.app if isinstance(stack, ServerErrorMiddleware) else stack


def handler(asgi: FastAPI, error: Exception) -> Any:
    """Return what answers the error, as starlette finds it."""
    handlers: Any = asgi.exception_handlers
    if isinstance(error, HTTPException) and error.status_code in handlers:
        return handlers[error.status_code]
    return next((handlers[kind] for kind in type(error).__mro__ if kind in handlers), None)

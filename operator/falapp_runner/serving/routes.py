"""From a class's endpoints, or a function, to a FastAPI application with the routes fal gives it.

The class's own, inherited methods are asked for them, so that what an app overrides counts.
"""

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import fal
from fal.api import api as fal_api
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from falapp_runner.serving import errors


@dataclass(frozen=True)
class Routes:
    """What is served, and what is known of it."""

    asgi: FastAPI
    fals_own: bool = False
    """Built by fal, because the app changes how that is done: fal's middleware is in it."""
    limited: frozenset[str] = frozenset()
    """The paths that wait for a slot: the endpoints, without the one that is a health check."""
    sync: frozenset[str] = field(default=frozenset())
    """The paths of endpoints that run in a thread, which nothing can end."""


def build(app: Any) -> Routes:
    """Return the application for an instance of a fal.App, or for a function's wrapper."""
    routes = app.collect_routes()
    limited = frozenset(s.path for s in routes if not getattr(s, "health_check", None))
    sync = frozenset(
        s.path for s, endpoint in routes.items() if not inspect.iscoroutinefunction(endpoint)
    )
    if _builds_itself(type(app)):
        return Routes(app._build_app(), fals_own=True, limited=limited, sync=sync)
    if not routes:
        raise ValueError("it has no endpoint; decorate a method with @fal.endpoint")
    is_class = isinstance(app, fal.App)
    fastapi: Any = fal_api.FalFastAPI
    asgi = fastapi(
        lifespan=app.lifespan,
        root_path=os.getenv("FAL_APP_ROOT_PATH") or "",
        exception_handlers={**errors.of_every_app(), **(errors.of_a_class() if is_class else {})},
    )
    ours = len(asgi.router.routes)
    for signature, endpoint in routes.items():
        if signature.is_websocket:
            app._validate_websocket_endpoint(signature, endpoint)
            asgi.add_websocket_route_with_metadata(signature, endpoint)
        else:
            asgi.add_api_route(signature.path, endpoint, name=endpoint.__name__, methods=["POST"])
    # before /docs and its like, which are GET only: each is tried in turn
    asgi.router.routes[:] = asgi.router.routes[ours:] + asgi.router.routes[:ours]
    if is_class and type(app)._add_extra_routes is fal.App._add_extra_routes:
        _add_health(asgi, app.health)
    else:
        app._add_extra_routes(asgi)
    return Routes(asgi, limited=limited, sync=sync)


def _builds_itself(kind: type[Any]) -> bool:
    base = fal.App if issubclass(kind, fal.App) else fal_api.BaseServable
    return any(
        getattr(kind, name) is not getattr(base, name)
        for name in ("_build_app", "_add_extra_middlewares")
    )


def _add_health(asgi: FastAPI, answer: Callable[[], Any]) -> None:
    """Serve `def health` in a thread, where fal calls it in the loop: it may take its time."""

    @asgi.get("/health")
    async def health():  # type: ignore[no-untyped-def]  # noqa: ANN202 - it would show in OpenAPI
        if inspect.iscoroutinefunction(answer):
            return await answer()
        return await run_in_threadpool(answer)

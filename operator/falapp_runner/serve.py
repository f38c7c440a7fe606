"""Serve one app: setup(), then an open port, then requests, then teardown()."""

import asyncio
import contextlib
import importlib
import inspect
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import anyio.to_thread
import fal.app
import uvicorn
import uvloop

from falapp_runner import drain, signals, state
from falapp_runner.serving import (
    application,
    exposed,
    functions,
    logs,
    metrics,
    options,
    protocol,
    routes,
)

KEEP_ALIVE = 300
"""Seconds for which an idle connection stays open, as on fal."""


SPARE_THREADS = 8
"""For health checks, files and whatever else runs in the thread pool beside the endpoints."""
BACKLOG = 2048
"""Connections that may wait to be accepted, as uvicorn has it."""


class App(Protocol):
    """What this module uses of a fal.App."""

    setup: Callable[[], Any]
    handle_exit: Callable[[], Any]


class ServerEndedError(Exception):
    """The server ended though nobody asked it to."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """An app with its routes, not set up yet."""

    app: App
    routes: routes.Routes
    options: options.Options


@dataclass(frozen=True, kw_only=True)
class Host:
    """What a session shares with the process that it runs in."""

    life: state.Life
    heard: signals.Signals
    budget: drain.Budget
    counts: metrics.Metrics
    lost: Callable[[str], None]
    """Called, once, with the reason for which the runner is to be replaced."""


def build(kind: Any, environ: Mapping[str, str] = os.environ) -> Served | exposed.Exposed:
    """Return an instance of the class, or the function, and what serves it."""
    given = options.of(kind, environ)
    if functions.is_function(kind) and not functions.is_served(kind):
        return exposed.Exposed(kind)
    if functions.is_function(kind):
        app: Any = functions.Served(kind)
        return Served(app=app, routes=routes.build(app), options=given)
    # fal prints every package on sys.path before setup(): 0.1 s for one line of the log, which
    # would show the runtime's packages as if they were the user's
    fal.app._print_python_packages = lambda: None
    app = kind(_allow_init=True)
    # what fal.ref.get_current_app() answers; versions of fal that an environment pins may lack it
    with contextlib.suppress(ImportError):
        ref: Any = importlib.import_module("fal.ref")
        ref.current_app = app
    return Served(app=app, routes=routes.build(app), options=given)


def configuration(serves: application.Application) -> uvicorn.Config:
    """Return how uvicorn serves it; what speaks websockets is imported if a route is one."""
    return uvicorn.Config(
        serves,
        interface="asgi3",
        http=protocol.Protocol,
        ws=protocol.talks() if serves.talks else "none",
        lifespan="off",  # ours: uvicorn's would swallow what setup() raises
        log_config=None,
        access_log=False,
        proxy_headers=False,  # it trusts 127.0.0.1, from where nothing comes in a pod
        timeout_keep_alive=KEEP_ALIVE,
    )


def session(
    served: Served | exposed.Exposed, held: socket.socket, host: Host
) -> "Session | exposed.Session":
    """Return what serves it on this socket, with `run` and `stop`."""
    if isinstance(served, Served):
        return Session(served, held, host)
    return exposed.Session(served, held, host)


class Server(uvicorn.Server):
    """uvicorn, with the signals left to us, that tells when its socket listens."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the sockets and say so."""
        await super().startup(sockets=sockets)
        self._listening()

    def refuse(self) -> None:
        """Accept nobody any more, and close what no request is on, but for websockets."""
        for listener in self.servers:
            listener.close()
        for connection in list(self.server_state.connections):
            if isinstance(connection, protocol.Protocol):
                connection.shutdown()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    def install_signal_handlers(self) -> None:
        """Leave the signals alone (in older versions of uvicorn)."""


class Session:
    """One app on one socket, from setup() to teardown()."""

    def __init__(
        self,
        served: Served,
        held: socket.socket,
        host: Host,
    ) -> None:
        given = served.options
        self._most = given.max_multiplexing
        self._app = served.app
        self._asgi = served.routes.asgi
        self._serves = application.Application(
            served.app, served.routes, given, host.counts, self._only_once(host.lost)
        )
        host.counts.labels = {"app": given.app, "revision": given.revision}
        logs.configure(given.app, given.revision)
        host.life.busy = lambda: self._serves.busy
        self._held = held
        self._life = host.life
        self._signals = host.heard
        self._budget = host.budget
        self._loop = uvloop.new_event_loop()
        self._asked = asyncio.Event()
        self._asked_at = 0.0

    def run(self) -> BaseException | None:
        """Serve until `stop`; return what went wrong, if anything did."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            return runner.run(self._main())

    def stop(self) -> None:
        """Begin to drain; any thread may ask."""
        self._asked_at = time.monotonic()
        self._serves.drain()
        self._loop.call_soon_threadsafe(self._asked.set)

    async def _main(self) -> BaseException | None:
        # caught in here: a SystemExit that leaves a task ends the loop under everything else
        try:
            self._observe_setup()
            async with self._asgi.router.lifespan_context(self._asgi):
                await self._serve()
        except BaseException as error:
            return error
        return None

    def _observe_setup(self) -> None:
        original = self._app.setup

        async def setup() -> None:
            # gone before setup() sees it: an app is pickled by fal's distributed workers
            del self._app.setup
            self._life.enter(state.State.SETUP)
            with self._signals.first():
                answer = original()
                if inspect.iscoroutinefunction(original):
                    await answer
            self._life.setup_returned()

        self._app.setup = setup

    async def _serve(self) -> None:
        if not self._life.returned:  # an app that overrides fal's lifespan need not call setup()
            self._life.enter(state.State.SETUP)
            self._life.setup_returned()
        if not self._signals.arm():
            print(
                "falapp: setup() replaced the handler of SIGTERM or SIGINT, which the runner needs "
                "to drain; it took them back: use handle_exit() instead",
                file=sys.stderr,
            )
        # as many threads as requests, and some for what never waits
        threads = anyio.to_thread.current_default_thread_limiter()
        threads.total_tokens = max(threads.total_tokens, self._most + SPARE_THREADS)
        # uvloop tells nobody that it cannot listen, as when setup() has opened the app's port
        self._held.listen(BACKLOG)
        server = Server(configuration(self._serves), lambda: self._life.enter(state.State.READY))
        draining = asyncio.create_task(self._drain(server))
        try:
            await server.serve(sockets=[self._held])
        finally:
            draining.cancel()
        if self._life.state is not state.State.DRAINING:
            raise ServerEndedError("the server ended though nobody asked it to")

    async def _drain(self, server: Server) -> None:
        await self._asked.wait()
        await asyncio.sleep(self._left(self._budget.pause))
        try:
            answer = self._app.handle_exit()
            if inspect.isawaitable(answer):
                await answer
        except Exception:
            print("falapp: handle_exit() raised; draining goes on", file=sys.stderr)
            traceback.print_exc()
        server.refuse()
        # uvicorn, told to end, would cut websockets at once
        await self._serves.end_sessions(self._left(self._budget.requests))
        # uvicorn waits with this as a number of seconds, whole or not
        server.config.timeout_graceful_shutdown = self._left(self._budget.requests)  # type: ignore[assignment]
        server.should_exit = True

    def _left(self, moment: float) -> float:
        return max(0.0, self._asked_at + moment - time.monotonic())

    def _only_once(self, lost: Callable[[str], None]) -> Callable[[str], None]:
        told: list[str] = []

        def tell(why: str) -> None:
            if not told:
                told.append(why)
                lost(why)

        return tell

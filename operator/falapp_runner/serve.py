"""Serve one app: setup(), then an open port, then requests, then teardown()."""

import asyncio
import contextlib
import importlib
import inspect
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import fal.app
import fastapi
import uvicorn
import uvloop

from falapp_runner import drain, signals, state

KEEP_ALIVE = 300
"""Seconds for which an idle connection stays open, as on fal."""


BACKLOG = 2048
"""Connections that may wait to be accepted, as uvicorn has it."""


class App(Protocol):
    """What this module uses of a fal.App."""

    setup: Callable[[], Any]
    handle_exit: Callable[[], Any]


class ServerEndedError(Exception):
    """The server ended though nobody asked it to."""


def build(kind: type[Any]) -> tuple[App, fastapi.FastAPI]:
    """Return an instance of the class, and fal's ASGI application for it."""
    # fal prints every package on sys.path before setup(): 0.1 s for one line of the log, which
    # would show the runtime's packages as if they were the user's
    fal.app._print_python_packages = lambda: None
    app = kind(_allow_init=True)
    # what fal.ref.get_current_app() answers; versions of fal that an environment pins may lack it
    with contextlib.suppress(ImportError):
        ref: Any = importlib.import_module("fal.ref")
        ref.current_app = app
    return app, app._build_app()


class Server(uvicorn.Server):
    """uvicorn, with the signals left to us, that tells when its socket listens."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the sockets and say so."""
        await super().startup(sockets=sockets)
        self._listening()

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
        app: App,
        asgi: fastapi.FastAPI,
        held: socket.socket,
        *,
        life: state.Life,
        heard: signals.Signals,
        budget: drain.Budget,
    ) -> None:
        self._app = app
        self._asgi = asgi
        self._held = held
        self._life = life
        self._signals = heard
        self._budget = budget
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
        # uvloop tells nobody that it cannot listen, as when setup() has opened the app's port
        self._held.listen(BACKLOG)
        server = Server(self._configuration(), lambda: self._life.enter(state.State.READY))
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
        # uvicorn waits with this as a number of seconds, whole or not
        server.config.timeout_graceful_shutdown = self._left(self._budget.requests)  # type: ignore[assignment]
        server.should_exit = True

    def _left(self, moment: float) -> float:
        return max(0.0, self._asked_at + moment - time.monotonic())

    def _configuration(self) -> uvicorn.Config:
        return uvicorn.Config(
            self._asgi,
            http="httptools",
            lifespan="off",  # ours: uvicorn's would swallow what setup() raises
            log_config=None,
            access_log=False,
            timeout_keep_alive=KEEP_ALIVE,
        )

"""One app twice: served by fal's own server, and by ours, on sockets of this machine."""

import asyncio
import contextlib
import http.client
import importlib.util
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from falapp_runner import serve, state
from falapp_runner.serving import application, metrics
from tests.unit.runner import differences

APPS = Path(__file__).parent / "apps"


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    broken: bool = False

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)

    @property
    def comparable(self) -> "Answer":
        kept = sorted(h for h in self.headers if h[0] not in differences.HEADERS)
        return Answer(self.status, kept, self.body, self.broken)


@dataclass
class Served:
    port: int
    counts: metrics.Metrics | None = None
    lost: list[str] = field(default_factory=list)
    app: application.Application | None = None

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body or None, named)
            answer = connection.getresponse()
            broken = False
            try:
                text = answer.read()
            except http.client.IncompleteRead as error:
                text, broken = error.partial, True
            port = str(self.port)
            found = [
                (name.lower(), value.replace(port, "PORT")) for name, value in answer.getheaders()
            ]
            return Answer(answer.status, found, text, broken)


def load(file: str) -> Any:
    """Import a file of the catalogue anew, so that no two servers share anything."""
    name = Path(file).stem
    spec = importlib.util.spec_from_file_location(f"{name}_{id(object())}", APPS / file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def fals(kind: Any) -> Iterator[Served]:
    """Serve as fal does."""
    app = kind.func if not isinstance(kind, type) else kind(_allow_init=True)
    asgi = app._build_app()
    config = uvicorn.Config(asgi, lifespan="off", log_config=None, access_log=False)
    with _running(config, asgi) as port:
        yield Served(port)


@contextlib.contextmanager
def ours(kind: Any, **environ: str) -> Iterator[Served]:
    """Serve as the runner does."""
    built = serve.build(kind, environ)
    counts = metrics.Metrics(state.Life(lambda line: None))
    lost: list[str] = []
    app = application.Application(built.app, built.routes, built.options, counts, lost.append)
    with _running(serve.configuration(app), built.routes.asgi) as port:
        yield Served(port, counts, lost, app)


@contextlib.contextmanager
def catalogue() -> Iterator[Callable[[str, str], tuple[Served, Served]]]:
    """Serve each class that is asked for twice, by fal and by us, once for all tests."""
    with contextlib.ExitStack() as stack:
        started: dict[tuple[str, str], tuple[Served, Served]] = {}

        def start(file: str, name: str) -> tuple[Served, Served]:
            if (file, name) not in started:
                by_fal = stack.enter_context(fals(getattr(load(file), name)))
                by_us = stack.enter_context(ours(getattr(load(file), name)))
                started[file, name] = by_fal, by_us
            return started[file, name]

        yield start


@contextlib.contextmanager
def _running(config: uvicorn.Config, asgi: Any) -> Iterator[int]:
    server = uvicorn.Server(config)
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    listens = threading.Event()

    async def main() -> None:
        async with asgi.router.lifespan_context(asgi):
            task = asyncio.create_task(server._serve([held]))
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.002)
            listens.set()
            await task

    thread = threading.Thread(target=uvloop.run, args=(main(),))
    thread.start()
    try:
        assert listens.wait(10)
        yield held.getsockname()[1]
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(10)
        held.close()

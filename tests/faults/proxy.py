"""The proxy that the operator takes for the API server: it counts, and makes trouble when told."""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from tests.faults.api import lines
from tests.faults.asked import Asked, read
from tests.faults.controlplane import Server
from tests.faults.faults import Fault, LostError, Refusal

# An asker that is killed goes away in the middle of everything: that is no error here.
_quiet = logging.getLogger("tests.faults.askers")
_quiet.disabled = True
_HOP = frozenset({"host", "connection", "transfer-encoding", "content-length", "accept-encoding"})


@dataclass
class Seen:
    """What went through since the counting began."""

    asked: list[Asked] = field(default_factory=list)
    """All but watches."""
    writes: list[tuple[Asked, int]] = field(default_factory=list)
    """Writes that the API server answered, with the answer's status."""
    jobs: int = 0
    """How many Jobs it made."""
    last: float = field(default_factory=time.monotonic)
    """When something was asked last."""
    last_write: float = field(default_factory=time.monotonic)


class Proxy:
    """Stands between one operator and the API server."""

    def __init__(self, server: Server, session: aiohttp.ClientSession) -> None:
        self._server = server
        self._session = session
        self._runner = web.AppRunner(
            self._application(), shutdown_timeout=0.1, access_log=None, logger=_quiet
        )
        self._watches: set[asyncio.Task[object]] = set()
        self.fault = Fault()
        self.seen = Seen()
        self.bugs: list[Exception] = []
        """What the proxy itself did wrong."""

    async def start(self) -> Server:
        """Listen, and return what the operator is to take for the API server."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return Server(url=url, token=self._server.token, authority=self._server.authority)

    async def stop(self) -> None:
        for watch in self._watches:
            watch.cancel()
        await self._runner.cleanup()

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        asked = read(request.method, request.path, request.query)
        if not asked.watch:
            self.seen.asked.append(asked)
            self.seen.last = time.monotonic()
        if refusal := await self.fault.before(asked):
            return _refused(refusal)
        try:
            return await (self._watch if asked.watch else self._pass)(request, asked)
        except (LostError, OSError, aiohttp.ClientError):
            if request.transport is not None:
                request.transport.abort()
            raise
        except Exception as error:
            self.bugs.append(error)
            raise

    async def _pass(self, request: web.Request, asked: Asked) -> web.Response:
        async with self._asking(request) as answer:
            content = await answer.read()
        if asked.is_write:
            self.seen.writes.append((asked, answer.status))
            self.seen.last_write = time.monotonic()
            made = asked.method == "POST" and asked.plural == "jobs" and answer.status == 201
            self.seen.jobs += made
        await self.fault.after(asked)
        return web.Response(status=answer.status, body=content, headers=_kept(answer.headers))

    async def _watch(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None
        self._watches.add(task)
        try:
            async with self._asking(request) as answer:
                response = web.StreamResponse(status=answer.status, headers=_kept(answer.headers))
                await response.prepare(request)
                async for line in lines(answer.content):
                    if (given := await self.fault.event(asked, line)) is not None:
                        await response.write(given + b"\n")
            return response
        finally:
            self._watches.discard(task)

    def _asking(
        self, request: web.Request
    ) -> contextlib.AbstractAsyncContextManager[aiohttp.ClientResponse]:
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP}
        return self._session.request(
            request.method,
            request.rel_url,
            headers=headers,
            data=request.content if request.can_read_body else None,
            timeout=aiohttp.ClientTimeout(total=None),
        )


def _kept(headers: "aiohttp.typedefs.LooseHeaders") -> dict[str, str]:
    dropped = _HOP | {"content-encoding"}
    return {k: v for k, v in dict(headers).items() if k.lower() not in dropped}


def _refused(refusal: Refusal) -> web.Response:
    return web.Response(
        status=refusal.status,
        body=refusal.body(),
        headers={"Content-Type": "application/json", **refusal.headers},
    )

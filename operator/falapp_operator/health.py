"""What the kubelet's probes are told.

Not alive is what a restart mends: a process that is stuck (then nobody answers at all), a pass that
never ends, a watch that is blind though the API server answers. Not ready is what would not work
now, or not take over at once: settings and kinds that are not there, lists that were not read yet,
an API server that is out of reach.
"""

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from falapp_operator.handlers import Operator
from falapp_operator.watches import Watches

_PASS_SECONDS = 900.0
"""No pass takes that long: each of its requests ends by itself, well or not."""
_SILENCE_SECONDS = 15.0
_RECOVERY_SECONDS = 330.0
"""What watches get to be opened anew once the API server answers again: kopf waits a while, too."""


@dataclass
class Health:
    """How the operator is; it is asked all the time."""

    operator: Operator
    watches: Watches
    clock: Callable[[], float] = time.monotonic
    _silent_at: float = field(default=float("-inf"), init=False)

    @property
    def silence(self) -> float:
        """The seconds since the API server answered; 0 without a Lease, which is asked for it."""
        lease = self.operator.lease
        return lease.silence if lease else 0.0

    def ailment(self) -> str:
        """Return why the process has to be started anew; empty if it is well."""
        if self.operator.queue.longest > _PASS_SECONDS:
            return f"a pass has been running for {self.operator.queue.longest:.0f} s"
        if self.silence >= _SILENCE_SECONDS:
            self._silent_at = self.clock()
        recovers = self.clock() - self._silent_at < _RECOVERY_SECONDS
        if not recovers and (blind := self.watches.blind):
            return f"not watched any more: {', '.join(blind)}"
        return ""

    def obstacle(self) -> str:
        """Return why it could not work now; empty if it works, or stands by to."""
        if not self.operator.started:
            return "not started: the API server does not answer, or does not have falapp's kinds"
        if missing := self.watches.missing:
            return f"not listed yet: {', '.join(missing)}"
        if self.silence >= _SILENCE_SECONDS:
            return f"the API server has not answered for {self.silence:.0f} s"
        return self.ailment()


@contextlib.asynccontextmanager
async def served(health: Health, port: int) -> AsyncIterator[None]:
    """Answer probes on /livez and /readyz for as long as the context is open."""
    app = web.Application()
    app.add_routes(
        [
            web.get("/livez", _answer(health.ailment)),
            web.get("/readyz", _answer(health.obstacle)),
        ]
    )
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, port=port).start()
        yield
    finally:
        await runner.cleanup()


def _answer(wrong: Callable[[], str]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_request: web.Request) -> web.Response:
        said = wrong()
        return web.Response(status=503 if said else 200, text=said or "ok")

    return answer

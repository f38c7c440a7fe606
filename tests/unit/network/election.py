"""What stands for the world in tests of the Lease: a clock that they turn, and operators."""

import asyncio
import contextlib

from falapp_operator import errors
from falapp_operator.cluster.lease import Lease, lease_ref

NAME, NAMESPACE, SECONDS = "falapp-operator", "falapp-system", 15.0


class Time:
    """A clock, and waiting by it."""

    def __init__(self):
        self.now = 1000.0
        self._sleepers = []

    async def sleep(self, seconds):
        woken = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, woken))
        await woken

    async def go(self, seconds, each=lambda: None):
        """Let time pass; call ``each`` at every step."""
        await settle()
        end = self.now + seconds
        while self.now < end:
            due = min((moment for moment, woken in self._sleepers if not woken.done()), default=end)
            self.now = min(end, self.now + 0.5, max(due, self.now))
            for moment, woken in self._sleepers:
                if moment <= self.now and not woken.done():
                    woken.set_result(None)
            self._sleepers = [pair for pair in self._sleepers if not pair[1].done()]
            await settle()
            each()


async def settle():
    for _ in range(12):
        await asyncio.sleep(0)


class Line:
    """One operator's way to the API server."""

    def __init__(self, cluster):
        self._cluster = cluster
        self.cut = False
        self.loses_answers = False

    def __getattr__(self, verb):
        async def call(*args, **kwargs):
            if self.cut:
                raise errors.TransientError("the API server did not answer")
            answer = await getattr(self._cluster, verb)(*args, **kwargs)
            if self.loses_answers:
                raise errors.TransientError("the API server did not answer")
            return answer

        return call


class Candidate:
    """An operator as far as the Lease goes."""

    def __init__(self, name, cluster, time):
        self.line = Line(cluster)
        self.lease = Lease(
            self.line,
            lease_ref(NAME, NAMESPACE),
            name,
            seconds=SECONDS,
            clock=lambda: time.now,
            sleep=time.sleep,
        )
        self.since = []
        self._time = time
        self.task = asyncio.create_task(self._lead())

    async def _lead(self):
        await self.lease.take()
        self.since.append(self._time.now)
        await self.lease.keep()

    async def kill(self):
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task

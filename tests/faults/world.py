"""Everything around one operator, for one test: API server, proxy, nodes and registry."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from tests.faults import processes, state
from tests.faults.api import Api, Object
from tests.faults.controlplane import Server
from tests.faults.faults import Fault
from tests.faults.kubelet import Kubelet
from tests.faults.operators import Operators
from tests.faults.proxy import Proxy, Seen
from tests.faults.registry import Registry
from tests.faults.state import State
from tests.faults.witness import Witness

APPS, BUILDS = "apps", "falapp-builds"
RESYNC = 10
"""Seconds: the shortest that the settings take."""
_POLL = 0.1


class World:
    """What a test sees and moves."""

    def __init__(self, server: Server, operators: Operators) -> None:
        self.api = Api(server)
        self.proxy = Proxy(server, self.api.session)
        self.registry = Registry(operators.registry)
        self.kubelet = Kubelet(self.api, self.registry)
        self.operators = operators
        self.witness = Witness(self.api, APPS)
        self._tasks: list[asyncio.Task[None]] = []
        self._settings: Object = {}
        self._url = ""

    async def start(self) -> None:
        """Have an operator and all that it talks to."""
        repository = await self.registry.start()
        self._settings = _settings(repository, self.operators.health)
        self._url = await self.proxy.start()
        self.operators.configure(self._url, self._settings)
        self.operators.start()
        self._tasks = [asyncio.create_task(t.run()) for t in (self.kubelet, self.witness)]

    def resync(self, seconds: int) -> None:
        """Have an operator that looks at everything anew only so often."""
        self.operators.kill()
        self.operators.configure(self._url, self._settings | {"resyncSeconds": seconds})
        self.operators.start()

    async def replace(self) -> None:
        """Kill the operator, and start another one."""
        self.operators.kill()
        self.operators.start()

    def arm(self, fault: Fault | None = None) -> Fault:
        """Make trouble of one kind from now on, and count anew."""
        self.proxy.fault, self.proxy.seen = fault or Fault(), Seen()
        return self.proxy.fault

    async def apply(self, app: Object, namespace: str = APPS) -> None:
        await self.api.apply("falapps", app, namespace)

    async def delete(self, name: str, namespace: str = APPS) -> None:
        await self.api.delete("falapps", name, namespace)

    async def state(self) -> State:
        return await state.read(self.api, APPS, BUILDS)

    async def until(
        self,
        good: Callable[[State], object],
        what: str,
        *,
        seconds: float = 30,
        tell: Callable[[State], object] = lambda seen: sorted(seen),
    ) -> State:
        """Wait until the state is as it should be, and return it."""
        deadline = time.monotonic() + seconds
        while not good(seen := await self.state()):
            late = time.monotonic() > deadline
            assert not late, f"not within {seconds} s: {what}\n{tell(seen)}\n{self.story()}"
            self.assert_running()
            await asyncio.sleep(_POLL)
        return seen

    async def rest(self, seconds: float) -> None:
        """Wait until nothing was written for so long."""

        def left() -> float:
            return self.proxy.seen.last_write + seconds - time.monotonic()

        while left() > 0:  # noqa: ASYNC110 - each write begins it anew
            await asyncio.sleep(max(0.0, left()))

    def story(self) -> str:
        """Tell what was written, and the end of the operator's log."""
        writes = "\n".join(f"{asked} {status}" for asked, status in self.proxy.seen.writes)
        return f"writes:\n{writes}\nlog:\n{processes.tail(self.operators.log)}"

    def assert_running(self) -> None:
        """The operator has not ended by itself, nor have the nodes, nor the witness."""
        for task in self._tasks:
            if task.done():
                task.result()
        assert self.operators.is_alive, f"the operator has ended\n{self.story()}"

    def assert_sound(self) -> None:
        """Whatever happened, the operator met no bug of its own."""
        self.assert_running()
        log = self.operators.log.read_text(errors="replace")
        assert "this is a bug" not in log, log
        assert self.proxy.bugs == []

    async def stop(self) -> None:
        """End everything but the API server."""
        if self.operators.is_alive:
            self.operators.kill()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.proxy.stop()
        await self.registry.stop()
        await self.api.close()


@contextlib.asynccontextmanager
async def made(server: Server, operators: Operators) -> AsyncIterator[World]:
    """Have a world in which nothing is left when the test has ended."""
    world = World(server, operators)
    try:
        await world.start()
        yield world
        world.assert_sound()
    finally:
        world.arm()
        try:
            await _emptied(world)
        finally:
            await world.stop()


async def _emptied(world: World) -> None:
    apps = [app["metadata"] for app in await world.api.list("falapps")]
    await together(world.delete(app["name"], app["namespace"]) for app in apps)
    if not world.operators.is_alive:  # the test has failed; the next one begins with nothing
        world.operators.start()
    deadline = time.monotonic() + 60
    while left := await state.read(world.api, APPS, BUILDS):
        assert time.monotonic() < deadline, f"left behind: {sorted(left)}\n{world.story()}"
        await asyncio.sleep(_POLL)


async def together(calls: Iterable[Awaitable[object]], at_once: int = 32) -> None:
    """Await many, so many at once."""
    limit = asyncio.Semaphore(at_once)

    async def one(call: Awaitable[object]) -> None:
        async with limit:
            await call

    await asyncio.gather(*(one(call) for call in calls))


def _settings(repository: str, health: int) -> Object:
    return {
        "registry": {"repository": repository, "insecure": True},
        "builds": {
            "namespace": BUILDS,
            "kanikoImage": "kaniko:v1",
            "builderImage": "builder:v1",
        },
        "pythons": {"3.11": {"baseImage": "base:3.11", "runtimeImage": "runtime:3.11"}},
        "defaultPython": "3.11",
        "resyncSeconds": RESYNC,
        "healthPort": health,
        "machineTypes": {"S": {"cpu": "1", "memory": "1Gi"}},
    }

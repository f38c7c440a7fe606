"""Many apps, in several namespaces, with an environment for each few of them."""

import asyncio
import time
from dataclasses import dataclass

from tests.faults import state
from tests.faults.scenarios import app
from tests.faults.world import APPS, World, together

_SHARING = 20
"""How many apps have one environment."""
_SECONDS = 600
_QUIET = 2.0
_RESYNC = 3600
"""With less, a slow machine would never come to rest between two looks at all of them."""


@dataclass(frozen=True, kw_only=True)
class Restarted:
    """What a new operator did until it had nothing more to do."""

    looked_at: frozenset[str]
    """The apps that it asked for."""
    writes: list[str]
    requests: int
    seconds: float
    megabytes: float

    def told(self) -> str:
        """Return it as a sentence."""
        return (
            f"{len(self.looked_at)} apps: {len(self.writes)} writes, {self.requests} requests in"
            f" {self.seconds:.1f} s, {self.megabytes:.0f} MB"
        )


async def served(world: World, count: int) -> frozenset[str]:
    """Have many apps that are Ready, with nothing more to be written; return their names."""
    world.resync(_RESYNC)
    names = frozenset(f"app-{n:04}" for n in range(count))
    await together(
        world.apply(app(name, requirement=f"one=={n // _SHARING}"))
        for n, name in enumerate(sorted(names))
    )
    deadline = time.monotonic() + _SECONDS
    while waiting := names - await _ready(world):
        assert time.monotonic() < deadline, f"{len(waiting)} are not Ready\n{world.story()}"
        await asyncio.sleep(1)
    await world.rest(_QUIET)
    return names


async def restarted(world: World) -> Restarted:
    """Kill the operator, and see what another one does."""
    world.operators.kill()
    world.arm()
    began = time.monotonic()
    world.operators.start()
    while not world.proxy.seen.asked or time.monotonic() - world.proxy.seen.last < _QUIET:
        assert time.monotonic() - began < _SECONDS, "it never comes to rest"
        await asyncio.sleep(0.1)
    seen = world.proxy.seen
    return Restarted(
        looked_at=frozenset(
            asked.name for asked in seen.asked if asked.plural == "falapps" and asked.name
        ),
        writes=[f"{asked} {status}" for asked, status in seen.writes],
        requests=len(seen.asked),
        seconds=seen.last - began,
        megabytes=world.operators.memory(),
    )


async def _ready(world: World) -> set[str]:
    found = await world.api.list("falapps", APPS)
    return {
        obj["metadata"]["name"]
        for obj in found
        if state.condition(obj, "Ready").get("status") == "True"
    }

"""Going through the steps of a scenario: once undisturbed, and then with something going wrong."""

import asyncio
from dataclasses import dataclass

from tests.faults import state
from tests.faults.faults import Fault
from tests.faults.scenarios import Step
from tests.faults.state import State
from tests.faults.world import World

_QUIET = 1.2
"""Seconds without a write after which nothing more is expected."""
_HELD = 0.3
"""Seconds for which an end must last that was reached before."""


@dataclass(frozen=True, kw_only=True)
class End:
    """What a step comes to."""

    state: State
    jobs: int
    """How many Jobs were made on the way."""


async def undisturbed(world: World, step: Step) -> End:
    """Take a step with nothing going wrong."""
    world.arm()
    await world.witness.forget()
    await step.edit(world)
    await world.until(step.ended, step.name)
    before = None
    # Twice the same: an operator that is starved may have one more write to make.
    while before != (seen := state.normal(await world.until(step.ended, step.name))):
        before = seen
        await world.rest(_QUIET)
        await asyncio.sleep(_QUIET)
    return End(state=seen, jobs=world.proxy.seen.jobs)


async def disturbed(
    world: World, step: Step, end: End, fault: Fault, *, seconds: float = 30
) -> None:
    """Take a step while something goes wrong, and see that it comes to the same end."""
    world.arm(fault)
    await world.witness.forget()
    await step.edit(world)

    def same(seen: State) -> bool:
        return step.ended(seen) and state.normal(seen) == end.state

    def tell(seen: State) -> str:
        return "\n".join(state.difference(state.normal(seen), end.state))

    what = f"{step.name}: the end of the undisturbed run"
    await world.until(same, what, tell=tell, seconds=seconds)
    await asyncio.sleep(_HELD)
    await world.until(same, what, tell=tell, seconds=seconds)
    assert world.proxy.seen.jobs == end.jobs, f"{step.name}: Jobs\n{world.story()}"

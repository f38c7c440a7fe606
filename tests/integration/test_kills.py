"""The operator is killed after each of its writes: another one goes on to the same end.

On the way each transition is told by one Event, whenever the operator was killed.
"""

import pytest

from tests.faults import scenarios
from tests.faults.faults import Fault, Killed, every, once, tells, writes
from tests.faults.taking import End, disturbed, undisturbed

MOST = 40


@pytest.mark.parametrize("scenario", scenarios.ALL, ids=str)
async def test_killed_after_any_write_it_comes_to_the_same_end(faulty, scenario):
    ends = [await undisturbed(faulty, step) for step in scenario.steps]
    left = {step for step in scenario.steps if not step.known}
    kills = dict.fromkeys(left, 0)
    for k in range(1, MOST):
        faulty.registry.clear()
        for step, end in zip(scenario.steps, ends, strict=True):
            fault = Killed(once(k), writes, faulty.replace) if step in left else Fault()
            if left or step is scenario.steps[-1]:
                await disturbed(faulty, step, end, fault)
                await faulty.witness.assert_told(cut_off=bool(fault.struck))
            if fault.struck:
                kills[step] += 1
            else:
                left.discard(step)
        if not left:
            break
    told = {step.name: count for step, count in kills.items()}
    print(f"kills in {scenario}: {told}")
    assert not left, f"they never come to an end of their writes: {told}"
    assert all(kills.values()), told


async def test_killed_between_an_event_and_its_status_it_tells_nothing_twice(faulty):
    create, *_, delete = scenarios.LIFE.steps
    end = await undisturbed(faulty, create)
    await disturbed(faulty, delete, End(state={}, jobs=0), Fault())
    faulty.registry.clear()
    fault = Killed(every(2), tells, faulty.replace)
    await disturbed(faulty, create, end, fault)
    told = await faulty.witness.told()
    assert fault.struck >= 2, told
    assert {what for what, count in told.items() if count > 1} == set()
    assert "FalApp hello: RunnersReady" in told

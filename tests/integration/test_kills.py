"""The operator is killed after each of its writes: another one goes on to the same end."""

import pytest

from tests.faults import scenarios
from tests.faults.faults import Fault, Killed, once, writes
from tests.faults.taking import disturbed, undisturbed

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

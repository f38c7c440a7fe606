"""Whatever goes wrong between operator and API server, an app comes to the same end."""

import pytest

from tests.faults import scenarios
from tests.faults.faults import (
    BROKEN,
    BUSY,
    CONFLICT,
    GONE,
    Answered,
    Committed,
    Cut,
    Dropped,
    Expired,
    Late,
    changes,
    every,
    requests,
    watches,
    writes,
)
from tests.faults.taking import End, disturbed, undisturbed

CHILDREN = watches("environments", "deployments", "jobs", "pods")
FAULTS = {
    "changes are answered with 409": lambda: Answered(every(2), changes, CONFLICT),
    "writes are answered with 410": lambda: Answered(every(3), writes, GONE),
    "writes are answered with 429": lambda: Answered(every(3), writes, BUSY),
    "writes are answered with 500": lambda: Answered(every(3), writes, BROKEN),
    "requests are answered with 429": lambda: Answered(every(25), requests, BUSY),
    "requests are answered with 500": lambda: Answered(every(25), requests, BROKEN),
    "answers to writes are lost": lambda: Committed(every(2), writes),
    "watches break": lambda: Cut(every(4), watches()),
    "watches are too old": lambda: Expired(every(5), watches()),
    "events come late": lambda: Late(every(1), watches(), 0.4),
    "events of children never come": lambda: Dropped(every(2), CHILDREN),
}


@pytest.fixture(scope="module")
def known() -> list[End]:
    """What the steps come to when nothing goes wrong, once that is known."""
    return []


@pytest.fixture
async def ends(faulty, known):
    """The same, found out when it is not known yet."""
    if not known:
        known += [await undisturbed(faulty, step) for step in scenarios.LIFE.steps]
    return known


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_in_spite_of_trouble_it_comes_to_the_same_end(faulty, ends, fault):
    faulty.registry.clear()
    struck = 0
    for step, end in zip(scenarios.LIFE.steps, ends, strict=True):
        made = fault()
        await disturbed(faulty, step, end, made, seconds=60)
        struck += made.struck
    assert struck, "nothing went wrong"

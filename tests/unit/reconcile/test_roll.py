"""`roll`: who waits in the queue, asked once for many."""

from datetime import timedelta

import pytest

from falapp_operator.reconcile import turns
from falapp_operator.reconcile.roll import Roll
from tests.unit import samples
from tests.unit.reconcile.test_turns import environment

ARRIVALS = [turns.arrival(environment(i)) for i in range(4)]


class Cluster:
    """Counts how often it is asked."""

    def __init__(self, *indices):
        self.indices = indices
        self.asked = 0
        self.meanwhile = lambda: None

    async def __call__(self):
        self.asked += 1
        found = [environment(i) for i in self.indices] + [environment(7, status=samples.BUILT)]
        self.meanwhile()
        return found


async def ask(roll, cluster, after=0.0):
    return list(await roll.waiting(cluster, samples.NOW + timedelta(seconds=after)))


async def test_they_stand_in_order_of_arrival():
    assert await ask(Roll(), Cluster(2, 0, 1)) == ARRIVALS[:3]


@pytest.mark.parametrize(("after", "asked"), [(0, 1), (0.9, 1), (1, 2), (-5, 2)])
async def test_one_list_serves_for_a_second(after, asked):
    roll, cluster = Roll(), Cluster(1)
    await ask(roll, cluster)
    cluster.indices = (2,)
    assert await ask(roll, cluster, after) == [ARRIVALS[asked]]
    assert cluster.asked == asked


async def test_between_two_lists_it_follows_the_passes():
    roll, cluster = Roll(), Cluster(0, 2)
    await ask(roll, cluster)
    for _ in range(2):
        roll.join(ARRIVALS[1])
        roll.join(ARRIVALS[2])
    roll.leave(*ARRIVALS[0][1:])
    roll.leave(*ARRIVALS[3][1:])
    assert await ask(roll, cluster) == ARRIVALS[1:3]
    assert cluster.asked == 1


async def test_who_leaves_while_the_list_is_on_its_way_keeps_nobody_back():
    roll, cluster = Roll(), Cluster(0, 1)
    cluster.meanwhile = lambda: roll.leave(*ARRIVALS[0][1:])
    assert await ask(roll, cluster) == [ARRIVALS[1]]
    roll.join(ARRIVALS[0])
    assert await ask(roll, cluster) == ARRIVALS[:2]
    cluster.meanwhile = lambda: None
    assert await ask(roll, cluster, after=2) == ARRIVALS[:2]


async def test_a_list_that_fails_is_asked_for_again():
    roll, cluster = Roll(), Cluster(0)
    cluster.indices = None
    with pytest.raises(TypeError):
        await ask(roll, cluster)
    cluster.indices = (0,)
    assert await ask(roll, cluster) == ARRIVALS[:1]

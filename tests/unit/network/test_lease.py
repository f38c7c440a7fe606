"""The Lease, with an API server in memory and a clock that the tests turn."""

import asyncio
import random
from collections.abc import Iterator

import pytest

from falapp_operator import errors
from tests.unit.network.election import NAME, NAMESPACE, Candidate, Time
from tests.unit.reconcile import fake

STEP = 0.1


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def cluster():
    return fake.Cluster()


@pytest.fixture
async def candidate(cluster, time) -> Iterator[Candidate]:
    made = []

    def make(name):
        made.append(Candidate(name, cluster, time))
        return made[-1]

    yield make
    for one in made:
        await one.kill()


@pytest.fixture
async def pair(candidate, time):
    """One that leads and one that stands by."""
    first = candidate("first")
    await time.go(STEP)
    second = candidate("second")
    await time.go(5)
    assert (first.lease.held, second.lease.held) == (True, False)
    return first, second


def holder(cluster):
    return cluster.find("Lease")["spec"].get("holderIdentity", "")


async def test_one_leads_for_as_long_as_it_renews(pair, time, cluster):
    first, second = pair

    def look():
        assert first.lease.held
        assert not second.lease.held
        assert max(first.lease.silence, second.lease.silence) <= 2.5

    await time.go(100, look)
    spec = cluster.find("Lease")["spec"]
    assert (spec["holderIdentity"], spec["leaseTransitions"]) == ("first", 0)
    assert spec["leaseDurationSeconds"] == 15
    assert spec["acquireTime"] < spec["renewTime"]
    with pytest.raises(errors.FencedError):
        second.lease.check()
    first.lease.check()


async def test_a_standby_takes_over_from_one_that_died(pair, time, cluster):
    first, second = pair
    await first.kill()
    died = time.now
    await time.go(20)
    assert second.lease.held
    # Not before the other one, were it alive, would have stopped writing.
    assert died + 10 <= second.since[0] <= died + 18
    assert cluster.find("Lease")["spec"]["leaseTransitions"] == 1


async def test_one_that_is_cut_off_stops_writing_before_another_starts(pair, time):
    first, second = pair
    first.line.cut = True
    stopped = []

    def look():
        assert not (first.lease.held and second.lease.held)
        if not first.lease.held:
            stopped.append(time.now)

    await time.go(20, look)
    assert second.lease.held
    assert second.since[0] - stopped[0] >= 4
    assert first.task.done()
    first.line.cut = False
    await time.go(30, look)
    assert second.lease.held


async def test_a_given_back_lease_is_taken_at_once(pair, time, cluster):
    first, second = pair
    await first.kill()
    await first.lease.release()
    assert holder(cluster) == ""
    with pytest.raises(errors.FencedError):
        first.lease.check()
    await time.go(2.2)
    assert second.lease.held


async def test_a_lease_is_given_back_though_its_last_renewal_was_cut_off(pair, time, cluster):
    first, second = pair
    first.line.loses_answers = True
    await time.go(2.2)
    await first.kill()
    first.line.loses_answers = False
    assert first.lease.held
    await first.lease.release()
    assert holder(cluster) == ""
    await time.go(2.2)
    assert second.lease.held


async def test_a_renewal_that_comes_late_does_not_keep_the_lease(pair, cluster):
    first, _ = pair
    await first.kill()
    give, late = cluster.apply, [True]

    async def apply(desired, **given):
        if late.pop():
            await give(
                cluster.find("Lease") | {"spec": cluster.find("Lease")["spec"] | {"renewTime": "x"}}
            )
            late.append(False)
        return await give(desired, **given)

    cluster.apply = apply
    await first.lease.release()
    assert holder(cluster) == ""


async def test_giving_back_does_not_take_it_from_another(pair, time, cluster):
    first, second = pair
    await first.kill()
    await time.go(20)
    await first.lease.release()
    assert holder(cluster) == "second"
    assert second.lease.held


@pytest.mark.parametrize("renewed", ["1970-01-01T00:00:00.000000Z", "2970-01-01T00:00:00.000000Z"])
async def test_the_clock_of_others_counts_for_nothing(candidate, time, cluster, renewed):
    metadata = {"name": NAME, "namespace": NAMESPACE, "uid": "u"}
    spec = {"holderIdentity": "other", "leaseDurationSeconds": 15, "renewTime": renewed}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}
    cluster.put(lease | {"spec": spec})
    one = candidate("one")
    await time.go(14.8)
    assert not one.lease.held
    await time.go(1)
    assert one.lease.held


@pytest.mark.parametrize("spec", [None, {}, {"holderIdentity": ""}])
async def test_an_empty_lease_is_taken(candidate, time, cluster, spec):
    metadata = {"name": NAME, "namespace": NAMESPACE, "uid": "u"}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}
    cluster.put(lease | ({} if spec is None else {"spec": spec}))
    one = candidate("one")
    await time.go(1)
    assert one.lease.held


async def test_a_deleted_lease_is_made_again(pair, time, cluster):
    first, second = pair
    cluster.remove("Lease")

    def look():
        assert not (first.lease.held and second.lease.held)

    await time.go(20, look)
    assert holder(cluster) in ("first", "second")
    assert first.lease.held or second.lease.held


async def test_one_whose_lease_was_taken_stops_with_the_next_renewal(pair, time, cluster):
    first, _ = pair
    lease = cluster.find("Lease")
    cluster.put(lease | {"spec": lease["spec"] | {"holderIdentity": "somebody"}})
    await time.go(4.5)
    assert not first.lease.held
    assert first.task.done()


async def test_answers_that_are_lost_cost_the_lease_only_in_the_end(pair, time):
    first, second = pair
    first.line.loses_answers = True
    await time.go(6)
    assert first.lease.held
    first.line.loses_answers = False
    await time.go(20)
    assert first.lease.held
    assert not second.lease.held


async def test_an_api_server_that_is_down_is_not_asked_all_the_time(candidate, time):
    one = candidate("one")
    one.line.cut = True
    asked = 0
    get = one.line.__getattr__

    def counted(verb):
        nonlocal asked
        asked += 1
        return get(verb)

    one.line.get = lambda *args: counted("get")(*args)
    await time.go(20)
    assert 8 <= asked <= 15


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_is_cut_two_never_lead_and_soon_one_does(candidate, time, seed):
    dice = random.Random(seed)  # noqa: S311 - no secret
    three = [candidate(f"{n}") for n in range(3)]

    def look():
        assert sum(one.lease.held for one in three) <= 1

    for _ in range(15):
        for one in three:
            one.line.cut = dice.random() < 0.4
            one.line.loses_answers = dice.random() < 0.2
        await time.go(dice.choice([1, 3, 8, 12, 16]), look)
    for one in three:
        one.line.cut = one.line.loses_answers = False
        if one.task.done():
            one.task = asyncio.create_task(one._lead())
    await time.go(20, look)
    assert sum(one.lease.held for one in three) == 1

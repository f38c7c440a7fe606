"""Runners that are not ready for a moment: nothing is withdrawn, and nobody called."""

import pytest

from tests.unit import samples, workloads
from tests.unit.reconcile.gpuapp import change, ready, revision
from tests.unit.reconcile.nodes import pods_follow, settle
from tests.unit.workloads import ended, runner_pod, running

TOLD = "the slowest runner was ready 40 s after its start"
RAISED = ended(1, message='{"reason": "SetupFailed", "message": "ValueError: no database"}')
THIRD_TRY = running("runner", 10, ready=False, started=True, last=RAISED) | {"restartCount": 2}


def setup(world):
    found = world.status()["conditions"]["SetupComplete"]
    return found["status"], found["reason"], found["message"]


def stalled(world):
    return world.status()["conditions"]["Stalled"]["status"]


@pytest.fixture
async def rolling(world):
    """An app of two, in the midst of a rollout: A2 serves, B1 has started, B2 is in setup()."""
    world.cluster.put(samples.app(replicas=2))
    await settle(world)
    assert ready(world)[:2] == ("True", "RunnersReady")
    first = revision(world)
    change(world, env=[{"name": "B", "value": "1"}])
    await world.reconcile_app()
    pods_follow(world)  # which has both ReplicaSets
    b1, b2 = runner_pod("b1"), runner_pod("b2", containers=[running("runner", ready=False)])
    world.start_runners(b1, b2)
    world.cluster.put(runner_pod("a2", revision=first))
    await world.reconcile_app()
    return world


async def unready(world, name, container, **more):
    """Have a runner of the current revision be unready."""
    pod = runner_pod(name, containers=[container], revision=revision(world), **more)
    world.cluster.put(pod)
    await world.reconcile_app()


@pytest.mark.parametrize("since", [0, 60])
async def test_a_revision_that_started_at_the_third_try_is_not_withdrawn(rolling, since):
    second = revision(rolling)
    await unready(rolling, "b1", THIRD_TRY, unready_since=since)
    assert "withdrawn" not in rolling.status()
    assert stalled(rolling) == "False"
    assert ready(rolling) == (
        "False",
        "Starting",
        "0 of 2 runners are ready; 1 had started and is not ready now; 1 runner of the former"
        " revision still serves",
    )
    assert setup(rolling)[2] == "setup() has returned in 1 of 2 runners"
    assert revision(rolling) == second


async def test_nor_is_one_whose_runner_served_and_ends_more_than_once(rolling):
    crashes = workloads.waiting("runner", "CrashLoopBackOff", last=RAISED) | {"restartCount": 3}
    await unready(rolling, "b1", crashes, unready_since=60)
    assert "withdrawn" not in rolling.status()
    assert ready(rolling)[1] == "SetupFailed"
    # One that never was ready has failed to start.
    await unready(rolling, "b2", crashes)
    assert rolling.status()["withdrawn"]["reason"] == "SetupFailed"


async def test_a_node_that_is_out_of_reach_for_a_minute_calls_nobody(world):
    await world.serve(samples.app())
    assert setup(world) == ("True", "SetupReturned", TOLD)
    since = world.status()["conditions"]["SetupComplete"]["lastTransitionTime"]
    killed = running("runner", 2, last=ended(137, "OOMKilled"))
    world.wait(600_000)
    await unready(world, "hello-1", killed, ready=False, unready_since=600_000)
    assert ready(world) == (
        "False", "RunnerUnready", "0 of 1 runners are ready; 1 had started and is not ready now"
    )  # fmt: skip
    assert stalled(world) == "False"
    assert "failure" not in world.status()
    assert setup(world) == ("True", "SetupReturned", TOLD)

    pod = runner_pod(containers=[killed], revision=revision(world))
    condition = next(c for c in pod["status"]["conditions"] if c["type"] == "Ready")
    condition["lastTransitionTime"] = samples.at(600_060)
    world.cluster.put(pod)
    await world.reconcile_app()
    assert ready(world)[:2] == ("True", "RunnersReady")
    assert setup(world) == ("True", "SetupReturned", TOLD)
    assert world.status()["conditions"]["SetupComplete"]["lastTransitionTime"] == since


async def test_another_revision_tells_its_own_start(world):
    """That of which runners are left is current at once; what was told is of the one before."""
    await world.serve(samples.app())
    other = runner_pod("b", containers=[running("runner", 32)])
    change(world, env=[{"name": "B", "value": "1"}])
    await world.reconcile_app()
    world.start_runners(other)
    first = world.status()["latestReadyRevision"]
    world.cluster.put(runner_pod("a", revision=first))
    await world.reconcile_app()
    assert setup(world)[2] == TOLD.replace("40", "10")
    change(world, env=None)
    await world.reconcile_app()
    assert setup(world)[2] == TOLD

"""A spec that this operator cannot read, as where the definitions are newer: what runs goes on."""

from falapp_operator.reconcile.context import FALAPP
from tests.unit import samples, workloads
from tests.unit.reconcile.gpuapp import change, ready

GIT = {"git": {"url": "https://git.example/apps.git", "ref": "main"}}


async def unreadable(world):
    """Have a field in the spec that nobody knows; return the status before and after."""
    before = world.status()
    change(world, unknown="x")
    assert await world.reconcile_app() == ["status FalApp hello"]
    return before, world.status()


async def test_what_runs_is_told(world):
    await world.serve(samples.app())
    before, after = await unreadable(world)
    assert (after["replicas"], after["readyReplicas"]) == (1, 1)
    for field in ("url", "environment", "selector", "latestReadyRevision"):
        assert after[field] == before[field] != ""
    assert ready(world)[:2] == ("False", "InvalidSpec")
    assert ready(world)[2].endswith("; 1 runner of the former revision still serves")
    conditions = after["conditions"]
    assert conditions["Stalled"]["message"] == ready(world)[2]
    assert "still serves" not in after["failure"]["message"]
    for type_ in ("EnvironmentReady", "SetupComplete"):
        assert conditions[type_]["status"] == "Unknown", "it would be of this spec"
    assert await world.reconcile_app() == []


async def test_the_commit_is_kept(world):
    world.git.refs[GIT["git"]["url"], "main"] = "a" * 40
    await world.serve(samples.app(source=GIT))
    before, after = await unreadable(world)
    assert after["source"] == before["source"]
    assert after["source"]["commit"] == "a" * 40


async def test_runners_are_counted_as_they_come_and_go(world):
    await world.serve(samples.app(replicas=2))
    await unreadable(world)
    world.cluster.put(workloads.runner_pod("hello-2", containers=[workloads.waiting("runner", "")]))
    assert await world.reconcile_app() == ["status FalApp hello"]
    status = world.status()
    assert (status["replicas"], status["readyReplicas"]) == (2, 1)
    assert world.again == world.settings.resync_seconds
    world.cluster.change(FALAPP, spec=samples.app_spec())
    await world.reconcile_app()
    assert ready(world)[1] != "InvalidSpec"

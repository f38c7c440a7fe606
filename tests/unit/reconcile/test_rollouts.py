"""Rollouts: what serves while something new comes, or fails to, and when no runner is wanted."""

import copy
import dataclasses

import pytest

from falapp_operator.errors import ConflictError
from falapp_operator.reconcile import status as statuses
from falapp_operator.reconcile.plan import plan
from tests.unit import samples, workloads
from tests.unit.reconcile.snapshots import SETTINGS, seen, served
from tests.unit.workloads import runner_pod, running, waiting

OTHER = {"requirements": ["nope==1"]}
CRASHED = waiting("runner", "CrashLoopBackOff", last=workloads.ended(1, message="boom"))
STARTING = running("runner", ready=False)
OLD = runner_pod("old", revision="old")


def change(world, **spec):
    """Edit the FalApp as its user would; None takes a field away."""
    made = world.cluster.find("FalApp")["spec"] | spec
    world.cluster.change("FalApp", spec={k: v for k, v in made.items() if v is not None})


def deployment(world):
    return world.cluster.find("Deployment")


def ready(world):
    found = world.status()["conditions"]["Ready"]
    return found["status"], found["reason"], found["message"]


def stop_runners(world):
    for name in world.cluster.names("Pod"):
        world.cluster.remove("Pod", name)


async def test_a_suspended_app_is_quiet_and_keeps_its_replicas(world):
    await world.serve(samples.app())
    change(world, suspend=True)
    assert await world.reconcile_app() == ["apply Deployment hello", "status FalApp hello"]
    assert deployment(world)["spec"]["replicas"] == 0
    assert ready(world) == (
        "False",
        "Suspended",
        "spec.suspend is true: no runner is asked for, and 1 of them is left",
    )
    stop_runners(world)
    assert await world.reconcile_app() == ["status FalApp hello"]
    assert ready(world)[:2] == ("True", "Suspended")
    assert world.status()["conditions"]["Stalled"]["status"] == "False"
    assert world.cluster.find("FalApp")["spec"]["replicas"] == 1
    assert await world.reconcile_app() == []

    change(world, suspend=None)
    assert await world.reconcile_app() == ["apply Deployment hello", "status FalApp hello"]
    assert deployment(world)["spec"]["replicas"] == 1


async def test_a_suspended_app_starts_no_build_until_it_is_resumed(world):
    world.cluster.put(samples.app(suspend=True))
    assert await world.reconcile_app() == ["status FalApp hello"]
    assert ready(world)[:2] == ("True", "Suspended")
    change(world, suspend=False)
    assert [w.split()[:2] for w in await world.reconcile_app()] == [
        ["apply", "Environment"],
        ["status", "FalApp"],
    ]


async def test_a_build_that_was_asked_for_before_stays_the_suspended_apps(world):
    world.cluster.put(samples.app())
    await world.reconcile_app()
    world.cluster.change("Environment", status=samples.BUILDING)
    change(world, suspend=True)
    assert await world.reconcile_app() == ["status FalApp hello"]
    assert world.status()["conditions"]["EnvironmentReady"]["reason"] == "Building"
    assert len(world.cluster.find("Environment")["metadata"]["ownerReferences"]) == 1
    world.cluster.change("Environment", status=samples.NOT_FOUND)
    await world.reconcile_app()
    conditions = world.status()["conditions"]
    assert conditions["EnvironmentReady"]["reason"] == "PackageNotFound"
    assert (conditions["Ready"]["status"], conditions["Stalled"]["status"]) == ("True", "False")


@pytest.mark.parametrize(
    "broken",
    [{"machineType": "none"}, OTHER, {"entrypoint": "none.py"}, {"requirements": ["-r x.txt"]}],
    ids=str,
)
async def test_suspending_works_whatever_else_the_spec_says(world, broken):
    await world.serve(samples.app())
    before = deployment(world)["spec"]["template"]
    change(world, suspend=True, **broken)
    assert await world.reconcile_app() == ["scale Deployment hello", "status FalApp hello"]
    assert deployment(world)["spec"]["replicas"] == 0
    assert deployment(world)["spec"]["template"] == before
    stop_runners(world)
    await world.reconcile_app()
    assert ready(world)[:2] == ("True", "Suspended")
    assert "failure" not in world.status()
    assert await world.reconcile_app() == []


@pytest.mark.parametrize("status", [{}, samples.BUILDING, samples.NOT_FOUND], ids=str)
async def test_the_former_revision_is_scaled_while_the_new_one_cannot_run(world, status):
    await world.serve(samples.app())
    before = deployment(world)
    change(world, replicas=3, **OTHER)
    writes = await world.reconcile_app()
    assert [w for w in writes if "Deployment" in w] == ["scale Deployment hello"]
    wanted = world.status()["environment"]["name"]
    world.cluster.change("Environment", wanted, status=status)
    await world.reconcile_app()
    assert await world.reconcile_app() == []
    after = deployment(world)
    assert after["spec"] == before["spec"] | {"replicas": 3}

    world.cluster.change("Environment", wanted, status=samples.BUILT)
    await world.reconcile_app()
    assert deployment(world)["spec"]["replicas"] == 3
    assert await world.reconcile_app() == []


async def test_a_deployment_that_changed_meanwhile_is_looked_at_first(world):
    await world.serve(samples.app())
    change(world, replicas=3, machineType="none")
    scale, found = world.cluster.scale, deployment(world)

    async def late(where, replicas, *, version):
        world.cluster.put(found)
        await scale(where, replicas, version=version)

    world.cluster.scale = late
    with pytest.raises(ConflictError):
        await world.reconcile_app()
    assert deployment(world)["spec"]["replicas"] == 1


def test_a_foreign_deployment_is_not_scaled():
    base = served(samples.app(suspend=True), OLD)
    foreign = copy.deepcopy(base.deployment)
    foreign["metadata"]["ownerReferences"] = []
    foreign["spec"]["replicas"] = 7
    made = plan(dataclasses.replace(base, deployment=foreign), SETTINGS)
    assert (made.scale, made.changes, made.deletions) == (None, (), ())


async def test_a_budget_is_there_above_one_replica_alone(world):
    await world.serve(samples.app())
    assert world.cluster.find("PodDisruptionBudget") is None
    change(world, replicas=2)
    assert "apply PodDisruptionBudget hello" in await world.reconcile_app()
    assert await world.reconcile_app() == []
    for one in ({"replicas": 1}, {"replicas": 0}, {"suspend": True}):
        change(world, **({"replicas": 2, "suspend": None} | one))
        assert "delete PodDisruptionBudget hello" in await world.reconcile_app()
        assert world.cluster.find("PodDisruptionBudget") is None
        change(world, replicas=2, suspend=None)
        await world.reconcile_app()
        assert world.cluster.find("PodDisruptionBudget") is not None


async def test_what_is_scaled_while_a_build_fails_has_its_budget(world):
    await world.serve(samples.app())
    change(world, replicas=3, **OTHER)
    assert "apply PodDisruptionBudget hello" in await world.reconcile_app()
    assert await world.reconcile_app() == []
    change(world, replicas=1)
    assert "delete PodDisruptionBudget hello" in await world.reconcile_app()


@pytest.mark.parametrize("broken", [{}, {"machineType": "none"}], ids=str)
async def test_another_try_waits_until_the_app_is_resumed(world, broken):
    world.cluster.put(samples.app())
    await world.reconcile_app()
    world.cluster.change("Environment", status=samples.NOT_FOUND)
    change(world, suspend=True, **broken)
    app = world.cluster.find("FalApp")
    annotations = app["metadata"].get("annotations", {}) | {"falapp.dev/retry": "1"}
    world.cluster.put(app | {"metadata": app["metadata"] | {"annotations": annotations}})
    await world.reconcile_app()
    retry = world.cluster.find("Environment")["metadata"].get("annotations", {})
    assert "falapp.dev/retry" not in retry
    change(world, suspend=None, **dict.fromkeys(broken))
    await world.reconcile_app()
    assert world.cluster.find("Environment")["metadata"]["annotations"]["falapp.dev/retry"] == "1"


async def test_an_only_runner_does_not_care_whose_the_budget_of_its_name_is(world):
    kind = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}
    world.cluster.put(kind | {"metadata": samples.metadata("hello"), "spec": {}})
    await world.serve(samples.app())
    assert ready(world)[:2] == ("True", "RunnersReady")
    assert world.cluster.names("PodDisruptionBudget") == ["hello"]


async def test_going_back_to_what_serves_builds_and_starts_nothing(world):
    await world.serve(samples.app())
    name, before = world.status()["environment"]["name"], deployment(world)
    change(world, **OTHER)
    await world.reconcile_app()
    world.cluster.change(
        "Environment", world.status()["environment"]["name"], status=samples.NOT_FOUND
    )
    await world.reconcile_app()
    assert ready(world)[1] == "PackageNotFound"
    change(world, requirements=samples.app()["spec"]["requirements"])
    [*_, last] = await world.reconcile_app()
    assert last == "status FalApp hello"
    assert ready(world)[0] == "True"
    assert world.status()["environment"]["name"] == name
    assert deployment(world) == before
    await world.reconcile_app()
    assert world.cluster.names("Environment") == [name], "the broken one is gone"


def building(status, *pods):
    environment = samples.environment_of(samples.app(), status=status)
    return dataclasses.replace(served(None, *pods), environment=environment, pods=pods)


def two(*pods):
    return served(samples.app(replicas=2), *pods)


FORMER = "; 1 runner of the former revision still serves"


@pytest.mark.parametrize(
    ("snapshot", "message"),
    [
        (building(samples.NOT_FOUND, OLD), f"no package nope{FORMER}"),
        (building(samples.RETRIED, OLD), f"the index did not answer; attempt 1{FORMER}"),
        (seen(environment=samples.NOT_FOUND), "no package nope"),
        (
            served(None, runner_pod(containers=[CRASHED]), OLD),
            f"the runner ended with exit code 1{FORMER}",
        ),
        (
            two(runner_pod("a"), runner_pod("b", containers=[CRASHED]), OLD),
            f"the runner ended with exit code 1; 1 of 2 runners is ready{FORMER}",
        ),
        (
            served(None, runner_pod(unscheduled="0/3 nodes"), OLD),
            f"0 of 1 runners are ready; no node can take a runner yet: 0/3 nodes{FORMER}",
        ),
        (
            dataclasses.replace(served(), machine=None),
            f"spec.machineType: there is no MachineType 'S'; use one of: none at all; or create"
            f" it{FORMER}",
        ),
    ],
    ids=["build failed", "tried again", "nothing served", "setup", "one of two", "no node", "spec"],
)
def test_the_status_tells_what_failed_and_what_serves(snapshot, message):
    found = statuses.status(snapshot, plan(snapshot, SETTINGS))
    by_type = {c.type: c for c in found.conditions}
    assert by_type["Ready"].message == message
    if by_type["Stalled"].status == "True":
        assert by_type["Stalled"].message == message
    if found.failure:
        assert FORMER not in found.failure.message


@pytest.mark.parametrize(
    ("replicas", "pods", "expected"),
    [
        (0, [], ("True", "spec.replicas is 0: no runner is asked for, and there is none")),
        (
            0,
            [runner_pod("a"), runner_pod("b")],
            ("False", "spec.replicas is 0: no runner is asked for, and 2 of them are left"),
        ),
    ],
    ids=["none", "ending"],
)
def test_scaled_to_zero_is_a_quiet_state(replicas, pods, expected):
    now = dataclasses.replace(served(samples.app(replicas=replicas), OLD), pods=tuple(pods))
    found = statuses.status(now, plan(now, SETTINGS)).conditions[0]
    assert (found.status, found.message) == expected
    assert found.reason == "ScaledToZero"

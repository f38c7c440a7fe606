"""A FalApp that is deleted and made again, as `kubectl replace --force` does: another object."""

import copy

import pytest

from falapp_operator import errors
from falapp_operator.api.objects import ref
from falapp_operator.reconcile.context import ENVIRONMENT, FALAPP
from tests.unit import samples
from tests.unit.reconcile.gpuapp import ready
from tests.unit.reconcile.nodes import settle
from tests.unit.workloads import runner_pod, running

KEPT = ("Deployment", "Service", "PodDisruptionBudget")
WAITS = "waiting until the cluster has removed what a former FalApp of this name left: "


def replace(world, kind=FALAPP, uid="uid-of-the-next-one"):
    """Have another object in the place of the one of a kind, without what only that one owned."""
    old = world.cluster.find(kind)
    metadata = samples.metadata(old["metadata"]["name"], uid=uid, generation=1)
    kept = {k: v for k, v in old.items() if k != "status"}
    return world.cluster.put(kept | {"metadata": metadata, "status": {"observedGeneration": -1}})


def controller(world, kind, owner):
    """Have another controller of the object of a kind; none without."""
    obj = world.cluster.find(kind)
    [was] = obj["metadata"]["ownerReferences"]
    obj["metadata"]["ownerReferences"] = [was | owner] if owner else []
    world.cluster.put(obj)


@pytest.fixture
async def replaced(world):
    """An app of two that served, made again before the garbage collector came to its objects."""
    world.cluster.put(samples.app(replicas=2))
    await settle(world)
    assert ready(world)[0] == "True"
    for kind in ("Pod", "ReplicaSet"):
        for name in world.cluster.names(kind):
            world.cluster.remove(kind, name)
    replace(world)
    return world


async def test_what_the_former_one_left_is_waited_for(replaced):
    wrote = await replaced.reconcile_app()
    assert not [w for w in wrote if w.split()[1] in KEPT]
    assert replaced.again <= 2
    left = "Deployment 'hello' and Service 'hello' and PodDisruptionBudget 'hello'"
    assert ready(replaced) == ("False", "Starting", WAITS + left)
    assert replaced.status()["conditions"]["Stalled"]["status"] == "False"
    assert "failure" not in replaced.status()
    assert await replaced.reconcile_app() == []

    replaced.cluster.remove("Deployment")
    await replaced.reconcile_app()
    assert (ready(replaced)[1], replaced.again) == ("Starting", 2.0), "no event tells of the others"
    replaced.cluster.remove("Service")
    replaced.cluster.remove("PodDisruptionBudget")
    await replaced.reconcile_app()
    assert replaced.again == replaced.settings.resync_seconds
    assert set(KEPT) <= {r.kind for r in replaced.cluster.objects}
    await settle(replaced)
    assert ready(replaced)[:2] == ("True", "RunnersReady")


async def test_one_that_is_suspended_starts_nothing_either(replaced):
    replaced.cluster.change(FALAPP, spec=samples.app_spec(suspend=True))
    assert not [w for w in await replaced.reconcile_app() if w.split()[1] in KEPT]
    assert replaced.again <= 2
    assert ready(replaced)[1] == "Suspended"


async def test_a_budget_that_is_not_wanted_any_more_is_not_waited_for(replaced):
    replaced.cluster.change(FALAPP, spec=samples.app_spec())
    for kind in ("Deployment", "Service"):
        replaced.cluster.remove(kind)
    await replaced.reconcile_app()
    assert replaced.cluster.find("Deployment") is not None
    assert replaced.again == replaced.settings.resync_seconds


@pytest.mark.parametrize("kind", KEPT)
@pytest.mark.parametrize(
    "owner",
    [
        {},
        {"controller": False},
        {"kind": "Environment"},
        {"name": "other"},
        {"apiVersion": "example.org/v1"},
    ],
    ids=["orphan", "no controller", "other kind", "other name", "other group"],
)
async def test_what_is_not_a_former_ones_takes_the_name(replaced, kind, owner):
    controller(replaced, kind, owner)
    await replaced.reconcile_app()
    assert ready(replaced)[1] == "NameTaken"
    assert replaced.status()["conditions"]["Stalled"]["status"] == "True"


def meanwhile(world, kind, does):
    """Have something done while the object of a kind is asked for."""
    get = world.cluster.get

    async def asked(where):
        if where.kind == kind:
            world.cluster.get = get
            does()
        return await get(where)

    world.cluster.get = asked


async def test_a_pass_for_the_former_one_tells_the_next_one_nothing(world):
    await world.serve(samples.app())
    # Something to tell: the runner is not ready.
    world.start_runners(runner_pod(containers=[running("runner", ready=False)]))
    meanwhile(world, "Service", lambda: replace(world))
    with pytest.raises(errors.ConflictError):
        await world.reconcile_app()
    app = world.cluster.find(FALAPP)
    assert app["metadata"]["uid"] == "uid-of-the-next-one"
    assert app["status"] == {"observedGeneration": -1}


async def test_nor_does_one_for_a_former_environment(world):
    world.cluster.put(samples.app())
    await world.reconcile_app()
    meanwhile(world, "Job", lambda: replace(world, ENVIRONMENT))
    with pytest.raises(errors.ConflictError):
        await world.reconcile_environment()
    assert world.cluster.find(ENVIRONMENT)["status"] == {"observedGeneration": -1}


async def test_one_that_is_gone_is_told_nothing(world):
    await world.serve(samples.app())
    world.start_runners(runner_pod(containers=[running("runner", ready=False)]))
    gone = ref(world.cluster.find(FALAPP))
    meanwhile(world, "Service", lambda: world.cluster.objects.pop(gone))
    await world.reconcile_app()
    assert world.cluster.find(FALAPP) is None


async def test_who_scales_it_meanwhile_is_in_nobodys_way(world):
    await world.serve(samples.app())
    world.start_runners(runner_pod(containers=[running("runner", ready=False)]))
    scaled = samples.app_spec(replicas=3)
    meanwhile(world, "Service", lambda: world.cluster.change(FALAPP, spec=scaled))
    assert await world.reconcile_app() == ["status FalApp hello"] * 2, "once more, not anew"
    assert ready(world)[1] == "Starting"
    assert world.status()["observedGeneration"] == 1
    assert world.cluster.find(FALAPP)["spec"]["replicas"] == 3


async def test_one_that_changes_all_the_time_is_looked_at_anew(world, monkeypatch):
    await world.serve(samples.app())
    before = copy.deepcopy(world.status())
    world.start_runners(runner_pod(containers=[running("runner", ready=False)]))
    apply_status = world.cluster.apply_status

    async def changed(where, status, *, version):
        world.cluster.change(FALAPP)
        return await apply_status(where, status, version=version)

    monkeypatch.setattr(world.cluster, "apply_status", changed)
    with pytest.raises(errors.ConflictError):
        await world.reconcile_app()
    assert world.status() == before

"""Apps that share an Environment, against an API server in memory."""

import asyncio
import copy

import pytest

from falapp_operator import errors
from falapp_operator.reconcile import environments, falapps
from falapp_operator.reconcile import queue as queues
from falapp_operator.reconcile.context import ENVIRONMENT, FALAPP
from falapp_operator.reconcile.queue import Key, Queue
from tests.unit import samples, workloads


async def test_apps_with_the_same_requirements_share_an_environment(world):
    one, two = samples.app("one"), samples.app("two")
    for app in (one, two):
        world.cluster.put(app)
        await world.reconcile_app(app["metadata"]["name"])
    owners = world.cluster.find("Environment")["metadata"]["ownerReferences"]
    assert [o["uid"] for o in owners] == ["uid-of-one", "uid-of-two"]
    for app in ("one", "two"):
        assert await world.reconcile_app(app) == []
    world.cluster.remove(FALAPP, "one")
    assert world.cluster.find("Environment") is not None


async def test_many_apps_at_once_are_one_environment_and_one_build(world, until, monkeypatch):
    """All passes give way to each other at every request, as in the operator."""
    monkeypatch.setattr(queues, "_FIRST_PAUSE", 0.01)
    passes = {FALAPP: falapps.reconcile, ENVIRONMENT: environments.reconcile}
    queue = Queue(lambda key: passes[key.kind](world.context, key))
    names = [f"app-{i}" for i in range(12)]
    for verb in ("get", "list", "create", "apply", "apply_status"):
        _give_way(world.cluster, verb)
    for name in names:
        world.cluster.put(samples.app(name))
        queue.add(Key(FALAPP, samples.NAMESPACE, name))
    work = asyncio.create_task(queue.run())
    await until(lambda: world.cluster.find(ENVIRONMENT))
    environment = world.cluster.find(ENVIRONMENT)["metadata"]["name"]
    for _ in range(3):
        queue.add(Key(ENVIRONMENT, samples.NAMESPACE, environment))
    await until(lambda: len(_owners(world)) == len(names) and world.cluster.names("Job"))
    work.cancel()
    assert sorted(_owners(world)) == sorted(names)
    created = [w for w in world.cluster.writes if w.startswith("create Job")]
    assert created == [f"create Job {environment}"]


def _owners(world):
    return [o["name"] for o in world.cluster.find(ENVIRONMENT)["metadata"]["ownerReferences"]]


def _give_way(cluster, verb):
    call = getattr(cluster, verb)

    async def slow(*args, **options):
        await asyncio.sleep(0)
        result = await call(*args, **options)
        await asyncio.sleep(0)
        return result

    setattr(cluster, verb, slow)


async def test_an_environment_in_use_by_another_app_is_released_not_deleted(world):
    await world.serve(samples.app())
    (old,) = world.cluster.names("Environment")
    world.cluster.put(samples.app("two"))
    await world.reconcile_app("two")
    world.cluster.change(FALAPP, "hello", spec=samples.app_spec(requirements=["numpy"]))
    await world.reconcile_app()
    (new,) = set(world.cluster.names("Environment")) - {old}
    world.cluster.change("Environment", new, status=samples.BUILT)
    await world.reconcile_app()
    world.start_runners(workloads.runner_pod("hello-2"))
    await world.reconcile_app()
    owners = world.cluster.find("Environment", old)["metadata"]["ownerReferences"]
    assert [o["uid"] for o in owners] == ["uid-of-two"]
    assert world.cluster.find("Environment", old)["status"] == samples.BUILT
    assert await world.reconcile_app() == []


async def test_owners_that_changed_meanwhile_are_a_conflict_and_then_kept(world):
    one, two, three = (samples.app(name) for name in ("one", "two", "three"))
    for app in (one, two, three):
        world.cluster.put(app)
    await world.reconcile_app("one")
    name = world.cluster.find("Environment")["metadata"]["name"]
    seen = copy.deepcopy(world.cluster.objects)
    await world.reconcile_app("two")
    stale = next(o for r, o in seen.items() if r.kind == "Environment")
    current = world.cluster.find("Environment")
    world.cluster.objects.update({r: stale for r in seen if r.kind == "Environment"})
    apply = world.cluster.apply

    async def late(desired, **options):
        """Two's write comes between three's look and three's write."""
        world.cluster.objects[next(r for r in seen if r.name == name)] = current
        return await apply(desired, **options)

    world.cluster.apply = late
    with pytest.raises(errors.ConflictError):
        await world.reconcile_app("three")
    world.cluster.apply = apply
    await world.reconcile_app("three")
    owners = world.cluster.find("Environment")["metadata"]["ownerReferences"]
    assert [o["name"] for o in owners] == ["one", "two", "three"]

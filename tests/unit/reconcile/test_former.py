"""Environments of before: looked for where there may be some, and nowhere else."""

import pytest

from falapp_operator import errors
from falapp_operator.reconcile.context import ENVIRONMENT, FALAPP
from tests.unit import samples, workloads
from tests.unit.reconcile.nodes import settle


@pytest.fixture
async def ready(world):
    """An app that is Ready, among many Environments of others."""
    await world.serve(samples.app())
    await settle(world)
    for other in ("two", "three"):
        world.cluster.put(samples.environment_of(samples.app(other, requirements=[other])))
    world.first = world.status()["environment"]["name"]
    world.cluster.reads.clear()
    return world


def change(world, **spec):
    world.cluster.change(FALAPP, spec=samples.app_spec(**spec))


def owned(world):
    found = [world.cluster.find(ENVIRONMENT, name) for name in world.cluster.names(ENVIRONMENT)]
    return {
        e["metadata"]["name"]
        for e in found
        if "uid-of-hello" in (o["uid"] for o in e["metadata"].get("ownerReferences", ()))
    }


async def test_of_a_ready_app_those_of_others_are_not_read(ready):
    assert await ready.reconcile_app() == []
    assert ready.cluster.reads["list Environment"] == 0
    assert ready.cluster.reads["get Environment"] == 1


async def test_what_a_pass_asked_for_before_it_was_killed_is_given_up_when_it_is_taken_back(ready):
    change(ready, requirements=["numpy"])
    ready.cluster.trouble["status FalApp"] = errors.TransientError("killed")
    with pytest.raises(errors.TransientError):
        await ready.reconcile_app()
    ready.cluster.trouble.clear()
    assert len(owned(ready)) == 2
    assert ready.status()["environment"]["name"] == ready.first
    change(ready)
    ready.restart()
    await settle(ready)
    assert owned(ready) == {ready.first}


async def test_another_profile_of_the_machine_type_leaves_nothing_of_before(ready):
    profile = {"accelerator": "cpu", "pytorchIndex": "https://index.example/cpu"}
    ready.cluster.put(samples.machine_type(profile=profile))
    await ready.reconcile_app()
    assert ready.cluster.reads["list Environment"] == 1, "the status names another one"
    assert len(owned(ready)) == 2, "the one of before serves"
    [second] = owned(ready) - {ready.first}
    ready.cluster.change(ENVIRONMENT, second, status=samples.BUILT)
    await ready.reconcile_app()
    ready.start_runners(workloads.runner_pod("hello-2"))
    await settle(ready)
    assert owned(ready) == {second}


async def test_an_environment_that_somebody_deleted_is_asked_for_again(ready):
    ready.cluster.remove(ENVIRONMENT, ready.first)
    assert f"apply Environment {ready.first}" in await ready.reconcile_app()


async def correct(world, *, times):
    """Edit the requirements so often, before any build comes to its end."""
    for number in range(times):
        change(world, requirements=[f"a=={number}"])
        await world.reconcile_app()
        for name in world.cluster.names(ENVIRONMENT):
            await world.reconcile_environment(name)


async def test_builds_that_nobody_waits_for_any_more_make_room(ready):
    await correct(ready, times=5)
    wanted = ready.status()["environment"]["name"]
    assert owned(ready) == {ready.first, wanted}
    await settle(ready)
    assert owned(ready) == {wanted}
    assert wanted in ready.cluster.names("Job")
    assert set(ready.cluster.names("Job")) <= set(ready.cluster.names(ENVIRONMENT))


async def test_before_there_is_a_runner_only_the_wanted_one_is_kept(world):
    world.cluster.put(samples.app())
    await world.reconcile_app()
    await correct(world, times=3)
    assert world.cluster.names(ENVIRONMENT) == [world.status()["environment"]["name"]]


async def test_what_others_wait_for_is_theirs_from_then_on(world):
    world.cluster.put(samples.app())
    world.cluster.put(samples.app("other"))
    await world.reconcile_app("other")
    await world.reconcile_app()
    [first] = world.cluster.names(ENVIRONMENT)
    world.cluster.change(FALAPP, "hello", spec=samples.app_spec(requirements=["numpy"]))
    await world.reconcile_app()
    owners = world.cluster.find(ENVIRONMENT, first)["metadata"]["ownerReferences"]
    assert [o["uid"] for o in owners] == ["uid-of-other"]


async def test_a_vanished_image_of_runners_is_built_on_though_another_is_asked_for(ready):
    ready.cluster.change(ENVIRONMENT, ready.first, status=samples.NOT_FOUND)
    change(ready, requirements=["numpy"])
    await ready.reconcile_app()
    assert len(owned(ready)) == 2


@pytest.mark.parametrize("what", ["suspend", "entrypoint"])
async def test_an_app_that_asks_for_nothing_gives_up_nothing(world, what):
    world.cluster.put(samples.app())
    await world.reconcile_app()
    change(world, requirements=["numpy"], **{what: {"suspend": True, "entrypoint": "../x"}[what]})
    await world.reconcile_app()
    assert len(world.cluster.names(ENVIRONMENT)) == 1

"""What is deleted while it is built takes its build along, unless somebody else waits for it."""

import pytest

from falapp_operator.environment import key as keys
from falapp_operator.reconcile import environments
from falapp_operator.reconcile.context import BUILD, ENVIRONMENT, FALAPP
from falapp_operator.reconcile.queue import Key
from tests.unit import samples

NAME = keys.name(samples.environment_spec(), samples.NAMESPACE)
BUILT_BY = Key(BUILD, "", NAME)


@pytest.fixture
async def building(world):
    """An app whose environment is being built."""
    world.cluster.put(samples.app())
    await world.reconcile_app()
    assert f"create Job {NAME}" in await world.reconcile_environment()
    return world


def of_the_build(world):
    return [r for r in world.cluster.objects if r.namespace == samples.BUILDS]


async def look_at_the_build(world):
    await environments.reconcile_build(world.context, BUILT_BY)


async def test_the_build_ends_with_its_last_app(building):
    building.cluster.remove(FALAPP)
    await building.reconcile_environment(NAME)
    assert building.woken == [BUILT_BY]
    await look_at_the_build(building)
    assert of_the_build(building) == []


async def test_a_build_without_environment_is_found_by_a_new_operator(building):
    """kopf lists all Jobs of ours when it starts, and each is an event."""
    building.cluster.remove(FALAPP)
    building.restart()
    assert of_the_build(building)
    await look_at_the_build(building)
    assert of_the_build(building) == []


async def test_another_app_of_the_namespace_keeps_it(building):
    building.cluster.put(samples.app("other"))
    await building.reconcile_app("other")
    building.cluster.remove(FALAPP, "hello")
    await building.reconcile_environment()
    before = of_the_build(building)
    await look_at_the_build(building)
    assert of_the_build(building) == before != []


async def test_another_namespaces_environment_keeps_it(building):
    other = samples.environment(namespace="audio")
    building.cluster.put(other | {"metadata": other["metadata"] | {"uid": "uid-of-another"}})
    building.cluster.remove(FALAPP)
    await building.reconcile_environment(NAME)
    before = of_the_build(building)
    await look_at_the_build(building)
    assert of_the_build(building) == before != []
    assert building.woken[-1] == Key(ENVIRONMENT, "audio", NAME)


async def test_one_on_its_way_out_starts_nothing_and_keeps_its_build_until_it_is_gone(building):
    """As with a foreground deletion; its end is an event of its own."""
    going = building.cluster.find(ENVIRONMENT)
    going["metadata"]["deletionTimestamp"] = samples.at()
    building.cluster.put(going)
    assert await building.reconcile_environment() == []
    await look_at_the_build(building)
    assert of_the_build(building)
    building.cluster.remove(ENVIRONMENT)
    await building.reconcile_environment(NAME)
    await look_at_the_build(building)
    assert of_the_build(building) == []


async def test_a_dockerfiles_build_ends_with_the_last_app_on_top_of_it(world):
    image = {"dockerfile": "FROM base.example/python:3.11\nRUN true\n"}
    world.cluster.put(samples.app(image=image))
    await world.reconcile_app()
    (top,) = world.cluster.names(ENVIRONMENT)
    await world.reconcile_environment(top)
    (base,) = set(world.cluster.names(ENVIRONMENT)) - {top}
    await world.reconcile_environment(base)
    assert world.cluster.names("Job") == [base]
    world.cluster.remove(FALAPP)
    assert world.cluster.names(ENVIRONMENT) == []
    await environments.reconcile_build(world.context, Key(BUILD, "", base))
    assert of_the_build(world) == []


async def test_nothing_of_ours_holds_a_deletion_up(building):
    assert of_the_build(building)
    for obj in building.cluster.objects.values():
        assert "finalizers" not in obj["metadata"]
        owners = obj["metadata"].get("ownerReferences", ())
        assert not any(o["blockOwnerDeletion"] for o in owners)

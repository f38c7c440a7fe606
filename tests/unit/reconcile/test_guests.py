"""Environments that a user made: apps use them, own them not, and they stay."""

import pytest

from falapp_operator.api import meta
from falapp_operator.environment import key as keys
from falapp_operator.environment import manifest
from falapp_operator.reconcile import environments
from falapp_operator.reconcile.context import ENVIRONMENT, FALAPP, GUESTS
from falapp_operator.reconcile.guests import Guests
from falapp_operator.reconcile.queue import Key
from tests.unit import samples, workloads
from tests.unit.reconcile import private

HELLO = Key(FALAPP, samples.NAMESPACE, "hello")
NAME = keys.name(samples.environment_spec(), samples.NAMESPACE)


def made_by_hand(spec=None, **more):
    """Return an Environment as `kubectl apply` leaves it: without label and owners."""
    made = samples.environment(spec, **more)
    del made["metadata"]["labels"], made["metadata"]["ownerReferences"]
    return made


async def woken_guests(world, name=NAME):
    world.woken.clear()
    await environments.reconcile_guests(world.context, Key(GUESTS, samples.NAMESPACE, name))
    return list(world.woken)


async def test_an_app_runs_on_it_and_leaves_it_as_it_is(world):
    by_hand = world.cluster.put(made_by_hand(status=samples.BUILT))
    world.cluster.put(samples.app())
    await world.reconcile_app()
    world.start_runners(workloads.runner_pod())
    await world.reconcile_app()
    assert world.status()["conditions"]["Ready"]["status"] == "True"
    assert world.cluster.find(ENVIRONMENT) == by_hand
    world.cluster.remove(FALAPP)
    assert world.cluster.find(ENVIRONMENT) == by_hand


async def test_one_that_the_operator_made_goes_with_its_last_app(world):
    for name in ("one", "two"):
        world.cluster.put(samples.app(name))
        await world.reconcile_app(name)
    world.cluster.remove(FALAPP, "one")
    assert world.cluster.find(ENVIRONMENT)
    world.cluster.remove(FALAPP, "two")
    assert world.cluster.find(ENVIRONMENT) is None


async def test_what_happens_to_it_wakes_its_apps_until_they_are_gone(world):
    world.cluster.put(made_by_hand())
    world.cluster.put(samples.app())
    assert await woken_guests(world) == []
    await world.reconcile_app()
    assert await woken_guests(world) == [HELLO]
    world.restart()
    await world.reconcile_app()
    assert await woken_guests(world) == [HELLO]
    world.cluster.remove(FALAPP)
    await world.reconcile_app()
    assert await woken_guests(world) == []


async def test_an_app_makes_its_own_once_it_is_deleted(world):
    world.cluster.put(made_by_hand())
    world.cluster.put(samples.app())
    await world.reconcile_app()
    world.cluster.remove(ENVIRONMENT)
    assert await woken_guests(world) == [HELLO]
    await world.reconcile_app()
    owners = world.cluster.find(ENVIRONMENT)["metadata"]["ownerReferences"]
    assert [o["name"] for o in owners] == ["hello"]
    assert await woken_guests(world) == []


async def test_an_apps_wish_to_try_again_is_handed_on_and_nothing_else(world):
    by_hand = world.cluster.put(made_by_hand(status=samples.NOT_FOUND))
    app = samples.app()
    app["metadata"]["annotations"] = {meta.ANNOTATION_RETRY: "now"}
    world.cluster.put(app)
    assert f"apply Environment {NAME}" in await world.reconcile_app()
    found = world.cluster.find(ENVIRONMENT)
    assert found["metadata"]["annotations"][meta.ANNOTATION_RETRY] == "now"
    assert not {"labels", "ownerReferences"} & set(found["metadata"])
    assert (found["spec"], found["status"]) == (by_hand["spec"], by_hand["status"])
    assert await world.reconcile_app() == []


async def test_one_with_an_apps_literal_credential_is_the_apps(world):
    """Nobody else has what it is built with."""
    for secret in private.secrets():
        world.cluster.put(secret)
    world.cluster.put(made_by_hand(private.spec()))
    app = private.app("one")
    world.cluster.put(app)
    await world.reconcile_app("one")
    owners = world.cluster.find(ENVIRONMENT)["metadata"]["ownerReferences"]
    assert [o["name"] for o in owners] == ["one"]


async def test_a_dockerfiles_image_made_by_hand_wakes_what_goes_on_top(world):
    image = {"dockerfile": "FROM base.example/python:3.11\nRUN true\n"}
    asked = samples.FalAppSpec.model_validate(samples.app_spec(image=image))
    top = manifest.spec_of(asked, "3.11", samples.settings())
    names = [keys.name(s, samples.NAMESPACE) for s in (top, manifest.base_of(top))]
    world.cluster.put(made_by_hand(manifest.base_of(top)))
    world.cluster.put(samples.environment(top))
    await world.reconcile_environment(names[0])
    assert world.status(ENVIRONMENT, names[0])["waitsFor"] == names[1]
    assert "ownerReferences" not in world.cluster.find(ENVIRONMENT, names[1])["metadata"]
    assert await woken_guests(world, names[1]) == [Key(ENVIRONMENT, samples.NAMESPACE, names[0])]
    world.cluster.remove(ENVIRONMENT, names[0])
    await world.reconcile_environment(names[0])
    assert await woken_guests(world, names[1]) == []


@pytest.mark.parametrize(
    ("notes", "guests"),
    [
        ([("one", "x"), ("two", "x")], {"x": ["one", "two"], "y": []}),
        ([("one", "x"), ("one", "x")], {"x": ["one"]}),
        ([("one", "x"), ("one", "y")], {"x": [], "y": ["one"]}),
        ([("one", "x"), ("one", None)], {"x": []}),
        ([("one", None)], {"x": []}),
    ],
)
def test_somebody_is_the_guest_of_one_at_most(notes, guests):
    made = Guests()
    for guest, host in notes:
        made.note(Key(FALAPP, "n", guest), Key(ENVIRONMENT, "n", host) if host else None)
    found = {host: [g.name for g in made.of(Key(ENVIRONMENT, "n", host))] for host in guests}
    assert found == guests

"""Credentials that stand in a FalApp's requirements: the build gets them from there."""

import pytest

from falapp_operator.environment import key as keys
from falapp_operator.reconcile.context import ENVIRONMENT, FALAPP
from tests.unit import samples
from tests.unit.reconcile import private

NAME = keys.name(private.spec(), samples.NAMESPACE)


async def owned_by(world, *apps):
    for secret in private.secrets():
        world.cluster.put(secret)
    for app in apps:
        world.cluster.put(app)
        await world.reconcile_app(app["metadata"]["name"])
    return world.cluster.find(ENVIRONMENT)


def app(name, literal):
    index = private.INDEX.replace(private.LITERAL, literal)
    return private.app(name, requirements=[index, private.GIT])


async def test_those_of_the_app_that_came_last_are_used(world):
    await owned_by(world, app("one", "old-token"), app("two", "new-token"))
    await world.reconcile_environment()
    given = private.held(world.cluster.find("Secret", NAME))
    assert given["FALAPP_CREDENTIAL_1"] == "me:new-token"


@pytest.mark.parametrize("change", ["deleted", "another", "other requirements", "unreadable"])
async def test_an_app_that_asks_for_something_else_gives_none(world, change):
    await owned_by(world, app("one", "old-token"), app("two", "new-token"))
    two = world.cluster.find(FALAPP, "two")
    spec = {
        "deleted": None,
        "another": two["spec"],
        "other requirements": two["spec"]
        | {"requirements": ["--extra-index-url=https://me:another@other.example/", private.GIT]},
        "unreadable": two["spec"] | {"replicas": -1},
    }[change]
    uid = "uid-of-another" if change == "another" else two["metadata"]["uid"]
    where = next(r for r in world.cluster.objects if (r.kind, r.name) == (FALAPP, "two"))
    world.cluster.objects.pop(where)
    if spec:
        world.cluster.put(two | {"spec": spec, "metadata": two["metadata"] | {"uid": uid}})
    await world.reconcile_environment()
    given = private.held(world.cluster.find("Secret", NAME))
    assert given["FALAPP_CREDENTIAL_1"] == "me:old-token"


async def test_an_environment_that_no_app_owns_waits_for_one(world):
    for secret in private.secrets():
        world.cluster.put(secret)
    world.cluster.put(samples.environment(private.spec()))
    await world.reconcile_environment()
    assert "no FalApp that uses this Environment" in world.status(ENVIRONMENT)["failure"]["message"]
    assert await world.reconcile_environment() == []
    await owned_by(world, app("one", "a-token"))
    assert f"create Job {NAME}" in await world.reconcile_environment()

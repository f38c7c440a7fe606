"""An event that never comes delays things, and loses nothing."""

import pytest

from falapp_operator.reconcile import environments
from falapp_operator.reconcile.context import BUILD, ENVIRONMENT, FALAPP
from falapp_operator.reconcile.queue import Key
from tests.unit import samples

NAME = samples.environment_of(samples.app())["metadata"]["name"]
MADE = Key(ENVIRONMENT, samples.NAMESPACE, NAME)


@pytest.mark.parametrize(
    ("status", "is_woken"), [(None, True), (samples.BUILDING, False), (samples.BUILT, False)]
)
async def test_an_environment_that_nobody_has_looked_at_is_looked_at(world, status, is_woken):
    world.cluster.put(samples.app())
    await world.reconcile_app()
    assert world.woken == []
    if status:
        world.cluster.change(ENVIRONMENT, status=status)
    await world.reconcile_app()
    assert (MADE in world.woken) == is_woken


async def test_a_build_is_looked_at_again_until_nobody_needs_it(world):
    async def look():
        return await environments.reconcile_build(world.context, Key(BUILD, "", NAME))

    world.cluster.put(samples.app())
    await world.reconcile_app()
    await world.reconcile_environment()
    assert await look() == world.settings.resync_seconds
    world.cluster.remove(FALAPP)
    assert await look() is None
    assert world.cluster.names("Job") == []

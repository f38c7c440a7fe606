"""Secrets, and how many builds may run at once: they are read when the turn has come."""

import pytest

from falapp_operator.reconcile.context import ENVIRONMENT
from tests.unit import samples, workloads
from tests.unit.reconcile import private
from tests.unit.reconcile.test_values import NAME, failure


@pytest.fixture
async def asked(world):
    """An app with credentials that has asked for its Environment; no Secret is there yet."""
    world.cluster.put(private.app())
    await world.reconcile_app()
    return world


@pytest.fixture
async def full(asked):
    """The only place is taken."""
    asked.settings = samples.settings(builds={"maxConcurrent": 1})
    asked.cluster.put(workloads.job("env-0123456789abcdef"))
    return asked


async def test_nothing_is_read_before_its_turn(full):
    for secret in private.secrets():
        full.cluster.put(secret)
    await full.reconcile_environment()
    assert full.status(ENVIRONMENT)["conditions"]["Ready"]["reason"] == "BuildQueued"
    assert full.cluster.reads["get Secret"] == 0
    full.cluster.change("Job", status=workloads.complete())
    assert f"create Job {NAME}" in await full.reconcile_environment()
    assert full.cluster.reads["get Secret"] == 2


async def test_who_lacks_a_secret_takes_no_place(full):
    await full.reconcile_environment()
    full.cluster.remove("Job")
    await full.reconcile_environment()
    assert "there is no Secret" in failure(full)
    assert full.shared.line.front(1) == [], "nor is it woken when a build ends"
    other = samples.environment(samples.environment_spec(layers=(("other",),)), created=9)
    full.cluster.put(other)
    name = other["metadata"]["name"]
    assert f"create Job {name}" in await full.reconcile_environment(name)


async def test_who_lacks_a_secret_goes_on_saying_so(full):
    """And not that it is its turn that it waits for."""
    await full.reconcile_environment()
    full.cluster.change("Job", status=workloads.complete())
    await full.reconcile_environment()
    full.cluster.change("Job", status=workloads.job("env-0123456789abcdef")["status"])
    assert await full.reconcile_environment() == []
    for secret in private.secrets():
        full.cluster.put(secret)
    await full.reconcile_environment()
    assert full.status(ENVIRONMENT)["conditions"]["Ready"]["reason"] == "BuildQueued"

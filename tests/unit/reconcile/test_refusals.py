"""What the API server does not accept is said in the status, and tried again."""

import pytest

from falapp_operator.api.conditions import Reason
from falapp_operator.errors import MissingError, RefusedError
from tests.unit import samples

QUOTA = 'deployments.apps "hello" is forbidden: exceeded quota: small'


@pytest.mark.parametrize("child", ["ConfigMap", "Deployment", "Service", "PodDisruptionBudget"])
async def test_a_refused_child_is_a_condition_of_the_app(world, child):
    world.cluster.put(samples.app(replicas=2))
    await world.reconcile_app()
    world.cluster.change("Environment", status=samples.BUILT)
    world.cluster.trouble[f"apply {child}"] = RefusedError("PATCH x: refused with 403", QUOTA)
    with pytest.raises(RefusedError):
        await world.reconcile_app()
    status = world.status("FalApp")
    for type_ in ("Ready", "Stalled"):
        assert status["conditions"][type_]["reason"] == Reason.REFUSED
        assert QUOTA in status["conditions"][type_]["message"]
    assert status["failure"]["reason"] == Reason.REFUSED

    with pytest.raises(RefusedError):
        await world.reconcile_app()
    assert not any(w.startswith("status") for w in world.cluster.writes), "said once"

    del world.cluster.trouble[f"apply {child}"]
    await world.reconcile_app()
    assert world.status("FalApp")["conditions"]["Stalled"]["status"] == "False"


async def test_a_refused_build_is_a_condition_of_the_environment_and_tried_again(world):
    world.cluster.put(samples.environment())
    world.cluster.trouble["create Job"] = RefusedError("POST x: 404", 'namespaces "b" not found')
    with pytest.raises(RefusedError):
        await world.reconcile_environment()
    status = world.status("Environment")
    assert status["conditions"]["Ready"]["reason"] == Reason.REFUSED
    assert 'namespaces "b" not found' in status["failure"]["message"]
    assert status["conditions"]["Stalled"]["status"] == "False"

    del world.cluster.trouble["create Job"]
    await world.reconcile_environment()
    assert world.cluster.find("Job") is not None
    assert "failure" not in world.status("Environment")


@pytest.mark.parametrize(
    "status", [{"observedGeneration": 1, "ofTheFuture": 1}, {"conditions": [{"type": "Ready"}]}]
)
async def test_a_status_that_cannot_be_read_is_written_anew(world, status):
    """As after going back to an older operator."""
    world.cluster.put(samples.app() | {"status": status})
    await world.reconcile_app()
    assert world.status("FalApp")["conditions"]["Ready"]["reason"] == "EnvironmentNotReady"
    world.cluster.change("Environment", status=status)
    await world.reconcile_environment()
    assert world.status("Environment")["conditions"]["Ready"]["reason"] == "Building"


async def test_an_app_that_is_deleted_while_it_is_looked_at_is_no_trouble(world):
    world.cluster.put(samples.app())
    world.cluster.trouble["status FalApp"] = MissingError("falapps hello not found")
    await world.reconcile_app()
    assert "status FalApp hello" in world.cluster.writes, "it tried"

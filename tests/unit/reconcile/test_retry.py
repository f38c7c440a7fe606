"""The annotation falapp.dev/retry: a new value lets what waits for a person be tried once more."""

import pytest

from falapp_operator.api import meta
from falapp_operator.environment import key as keys
from falapp_operator.reconcile.context import ENVIRONMENT, FALAPP
from tests.unit import samples, workloads

SPEC = samples.environment_spec()
NAME, KEY = (f(SPEC, samples.NAMESPACE) for f in (keys.name, keys.key))


@pytest.fixture
async def stalled(world):
    """An app whose build failed for good."""
    world.cluster.put(samples.app())
    await world.reconcile_app()
    world.cluster.change(ENVIRONMENT, status=samples.NOT_FOUND)
    world.cluster.put(workloads.job(NAME, workloads.failed(), key=KEY))
    await world.reconcile_environment()
    await world.reconcile_app()
    return world


def annotate(world, kind, value):
    obj = world.cluster.find(kind)
    annotations = obj["metadata"].get("annotations", {}) | {meta.ANNOTATION_RETRY: value}
    world.cluster.put(obj | {"metadata": obj["metadata"] | {"annotations": annotations}})


@pytest.mark.parametrize("kind", [FALAPP, ENVIRONMENT])
async def test_a_new_value_builds_once_more(stalled, kind):
    annotate(stalled, kind, "1")
    if kind == FALAPP:
        written = await stalled.reconcile_app()
        assert written == [f"apply Environment {NAME}", "status FalApp hello"]
        assert stalled.status()["retried"] == "1"
        assert await stalled.reconcile_app() == []
    written = await stalled.reconcile_environment()
    assert written == [f"delete Job {NAME}", f"status Environment {NAME}"]
    assert stalled.status(ENVIRONMENT)["retried"] == "1"
    assert f"create Job {NAME}" in await stalled.reconcile_environment()

    stalled.cluster.change("Job", status=workloads.failed())
    await stalled.reconcile_environment()
    assert stalled.status(ENVIRONMENT)["conditions"]["Stalled"]["status"] == "True"
    assert await stalled.reconcile_environment() == [], "once"
    await stalled.reconcile_app()
    assert await stalled.reconcile_app() == []
    annotate(stalled, kind, "2")
    if kind == FALAPP:
        await stalled.reconcile_app()
    assert f"delete Job {NAME}" in await stalled.reconcile_environment()


async def test_the_job_may_be_gone(stalled):
    stalled.cluster.remove("Job")
    assert await stalled.reconcile_environment() == []
    annotate(stalled, ENVIRONMENT, "now")
    assert f"create Job {NAME}" in await stalled.reconcile_environment()
    assert stalled.status(ENVIRONMENT)["attempts"] == 1


async def test_an_image_that_came_meanwhile_needs_no_build(stalled):
    stalled.cluster.remove("Job")
    stalled.registry.push(keys.tag(samples.environment_spec(), samples.NAMESPACE))
    assert await stalled.reconcile_environment() == [], "nobody asked"
    annotate(stalled, ENVIRONMENT, "now")
    assert await stalled.reconcile_environment() == [f"status Environment {NAME}"]
    status = stalled.status(ENVIRONMENT)
    assert status["conditions"]["Ready"]["reason"] == "FoundInRegistry"
    assert status["retried"] == "now"


async def test_a_value_that_was_there_before_the_failure_is_no_wish(world):
    app = samples.app()
    app["metadata"]["annotations"] = {meta.ANNOTATION_RETRY: "old"}
    world.cluster.put(app)
    await world.reconcile_app()
    await world.reconcile_environment()
    world.cluster.change("Job", status=workloads.failed())
    for _ in range(2):
        await world.reconcile_environment()
        await world.reconcile_app()
    assert world.status(ENVIRONMENT)["conditions"]["Stalled"]["status"] == "True"
    assert world.cluster.find("Job") is not None


async def test_another_app_that_joins_keeps_the_wish(stalled):
    annotate(stalled, FALAPP, "1")
    await stalled.reconcile_app()
    stalled.cluster.put(samples.app("two"))
    await stalled.reconcile_app("two")
    annotations = stalled.cluster.find(ENVIRONMENT)["metadata"]["annotations"]
    assert annotations[meta.ANNOTATION_RETRY] == "1"
    assert f"delete Job {NAME}" in await stalled.reconcile_environment()


async def test_what_waits_for_a_spec_does_not_lose_the_wish(stalled):
    annotate(stalled, FALAPP, "1")
    stalled.cluster.change(FALAPP, spec=samples.app_spec(machineType="none"))
    await stalled.reconcile_app()
    assert stalled.status().get("retried", "") == ""
    stalled.cluster.change(FALAPP, spec=samples.app_spec())
    assert f"apply Environment {NAME}" in await stalled.reconcile_app()

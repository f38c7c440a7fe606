"""Events of whole passes: none for a retry, a restart, or where they cannot be written."""

import asyncio

import pytest

from falapp_operator import errors
from falapp_operator.api.conditions import ConditionType, Reason, condition
from falapp_operator.api.falapp import FalAppStatus
from falapp_operator.environment import key as keys
from falapp_operator.reconcile import context as contexts
from falapp_operator.reconcile.context import ENVIRONMENT, FALAPP
from tests.unit import samples, workloads


async def build(world):
    """Bring an app's Environment to where its build runs."""
    world.cluster.put(samples.app())
    await world.reconcile_app()
    await world.reconcile_environment()
    await world.reconcile_app()


def steps(world, *containers, phase="Running"):
    """Have the build's pod at a step."""
    for old in world.cluster.names("Pod"):
        world.cluster.remove("Pod", old)
    name = world.cluster.find("Job")["metadata"]["name"]
    pod = workloads.build_pod(name, *containers, phase=phase)
    pod["metadata"]["ownerReferences"][0]["uid"] = world.cluster.find("Job")["metadata"]["uid"]
    world.cluster.put(pod)


async def test_the_life_of_an_app(world):
    await build(world)
    for step in ("resolve", "resolve", "wheels"):
        steps(world, workloads.running(step))
        await world.reconcile_environment()
        await world.reconcile_app()
    steps(world, workloads.running("publish"))
    await world.reconcile_environment()
    world.cluster.change("Job", status=workloads.complete())
    world.registry.push(keys.tag(samples.environment_spec(), samples.NAMESPACE))
    await world.reconcile_environment()
    await world.reconcile_app()
    world.start_runners(workloads.runner_pod(containers=[workloads.running("runner", ready=False)]))
    await world.reconcile_app()
    world.start_runners(workloads.runner_pod())
    await world.reconcile_app()
    assert world.told(ENVIRONMENT) == [
        "Normal Building: starting the build",
        "Normal Building: resolving the requirements",
        "Normal Building: installing wheels",
        "Normal Building: pushing the image",
        "Normal Built: 5 packages; built",
    ]
    assert world.told() == [
        "Normal Building: starting the build",
        "Normal Built: 5 packages; built",
        "Normal SetupRunning: setup() has returned in 0 of 1 runners",
        "Normal RunnersReady: 1 of 1 runners are ready",
    ]


async def test_the_first_look_is_at_once_and_no_transition(world):
    """The definitions' default is what an object has until then."""
    world.cluster.put(samples.app(status={"observedGeneration": -1}))
    await world.reconcile_app()
    assert world.status()["observedGeneration"] == 1
    assert world.status()["conditions"]["Ready"]["status"] == "False"
    assert world.told() == []


async def test_a_restart_tells_nothing(world):
    await world.serve(samples.app())
    before = len(world.cluster.events)
    world.restart()
    world.wait(300)
    assert await world.reconcile_app() == []
    assert len(world.cluster.events) == before


async def test_what_an_app_costs(world):
    """No more Events than writes of its status, from an app whose packages are there to Ready."""
    world.cluster.put(samples.app())
    await world.reconcile_app()
    world.cluster.change(ENVIRONMENT, status=samples.BUILT)
    written = await world.reconcile_app()
    starting = workloads.running("runner", ready=False)
    world.start_runners(workloads.runner_pod(containers=[starting]))
    written += await world.reconcile_app()
    world.start_runners(workloads.runner_pod())
    written += await world.reconcile_app()
    assert [w for w in written if w.startswith("status")] == ["status FalApp hello"] * 3
    assert len(world.told()) == 3


async def test_a_build_that_is_tried_again_and_again_is_told_once(world):
    await build(world)
    for _ in range(4):
        report = '{"reason": "IndexUnreachable", "message": "the index did not answer"}'
        steps(world, workloads.terminated("resolve", 1, message=report), phase="Failed")
        world.cluster.change("Job", status=workloads.failed())
        await world.reconcile_environment()
        await world.reconcile_app()
        world.wait(3600)
        await world.reconcile_environment()  # it goes
        await world.reconcile_app()
        await world.reconcile_environment()  # and is started anew
        await world.reconcile_app()
    assert world.cluster.find(ENVIRONMENT)["status"]["attempts"] == 5
    reasons = [text.partition(":")[0] for text in world.told(ENVIRONMENT)]
    assert reasons.count("Warning IndexUnreachable") == 1
    assert len(reasons) <= 4
    assert [text.partition(":")[0] for text in world.told()].count("Warning IndexUnreachable") == 1


@pytest.mark.parametrize(
    "trouble",
    [
        errors.RefusedError("POST events: refused with 403", "namespace is being terminated"),
        errors.TransientError("the API server did not answer"),
    ],
)
async def test_an_event_that_cannot_be_written_is_left_out(world, caplog, trouble):
    world.cluster.trouble["tell Event"] = trouble
    await world.serve(samples.app())
    assert world.status()["conditions"]["Ready"]["status"] == "True"
    assert "its Event RunnersReady was not written" in caplog.text
    assert "terminated" not in caplog.text


async def test_events_are_not_waited_for(world, monkeypatch, caplog):
    """All that one transition tells have one patience together."""
    monkeypatch.setattr(contexts, "_PATIENCE", 0.2)

    async def hang(_event):
        await asyncio.sleep(60)

    world.cluster.tell = hang
    world.cluster.put(samples.app())
    made = (
        condition(ConditionType.READY, False, Reason.SETUP_FAILED, "x"),
        condition(ConditionType.STALLED, True, Reason.SETUP_FAILED, "x"),
        condition(ConditionType.CREDENTIALS_EXPOSED, True, Reason.LITERAL_CREDENTIALS, "x"),
    )
    before = asyncio.get_running_loop().time()
    app = world.cluster.find(FALAPP)
    await contexts.write_status(world.context, app, FalAppStatus(conditions=made))
    assert asyncio.get_running_loop().time() - before < 0.35
    assert caplog.text.count("was not written: TimeoutError") == 2
    assert world.status()["conditions"]["Ready"]["status"] == "False"


@pytest.mark.parametrize("reason", [Reason.SETUP_FAILED, Reason.REFUSED])
async def test_the_log_says_what_the_event_says(world, caplog, reason):
    caplog.set_level("INFO")
    facts = ((ConditionType.READY, False), (ConditionType.STALLED, True))
    made = tuple(condition(*fact, reason, "a secret word") for fact in facts)
    world.cluster.put(samples.app())
    status = FalAppStatus(conditions=made)
    await contexts.write_status(world.context, world.cluster.find(FALAPP), status)
    assert f"FalApp video/hello: {reason}" in caplog.text
    assert ("a secret word" in caplog.text) == (reason is Reason.SETUP_FAILED)

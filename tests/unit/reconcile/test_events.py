"""Events: one for each transition, none for a retry, a restart or a second operator."""

import asyncio
import copy

import pytest

from falapp_operator import errors
from falapp_operator.api.conditions import ConditionType, Reason, condition, merged
from falapp_operator.environment import key as keys
from falapp_operator.reconcile import context as contexts
from falapp_operator.reconcile import events
from falapp_operator.reconcile.context import ENVIRONMENT, FALAPP
from tests.unit import samples, workloads

READY, STALLED = ConditionType.READY, ConditionType.STALLED
PACKAGES, SETUP = ConditionType.ENVIRONMENT_READY, ConditionType.SETUP_COMPLETE
THEN = samples.at(-3600)
NAME = keys.name(samples.environment_spec(), samples.NAMESPACE)


def app(*facts, since=THEN, **status):
    """Return a FalApp with conditions, each (type, status, reason) or with a message."""
    made = merged((), [condition(*fact) for fact in facts], 1, since)
    return samples.app(status={"conditions": [c.to_object() for c in made]} | status)


def told(old, new):
    return [
        f"{e['type']} {e['reason']} {e['action']}"
        for e in events.told(old, new, samples.NOW, "operator-1")
    ]


NEW = samples.app()
ASKED = app((READY, False, "EnvironmentNotReady"), (PACKAGES, None, "Pending"))
BUILDING = app((READY, False, "EnvironmentNotReady"), (PACKAGES, False, "Building"))
FAILED = app(
    (READY, False, "PackageNotFound"),
    (PACKAGES, False, "PackageNotFound"),
    (STALLED, True, "PackageNotFound"),
)
STARTING = app((READY, False, "Starting"), (PACKAGES, True, "Built"), (SETUP, None, "NoRunners"))
SETTING_UP = app(
    (READY, False, "Starting"), (PACKAGES, True, "Built"), (SETUP, False, "SetupRunning")
)
SERVING = app(
    (READY, True, "RunnersReady"), (PACKAGES, True, "Built"), (SETUP, True, "SetupReturned")
)
FULL = app(
    (READY, False, "WaitingForCapacity"), (PACKAGES, True, "Built"), (SETUP, False, "SetupRunning")
)
EXPOSED = app(
    (READY, False, "EnvironmentNotReady"),
    (ConditionType.CREDENTIALS_EXPOSED, True, "LiteralCredentials"),
)
STALE = app(
    (READY, True, "RunnersReady"),
    (PACKAGES, True, "Built"),
    (SETUP, True, "SetupReturned"),
    (ConditionType.SOURCE_STALE, True, "AccessDenied"),
)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (NEW, ASKED, []),
        (NEW, FAILED, ["Warning PackageNotFound Run"]),
        (NEW, EXPOSED, ["Warning LiteralCredentials Check"]),
        (ASKED, BUILDING, ["Normal Building Build"]),
        (BUILDING, FAILED, ["Warning PackageNotFound Run"]),
        (FAILED, BUILDING, ["Normal Building Build"]),
        (BUILDING, STARTING, ["Normal Built Build"]),
        (STARTING, SETTING_UP, ["Normal SetupRunning Start"]),
        (SETTING_UP, SERVING, ["Normal RunnersReady Run"]),
        (SETTING_UP, FULL, ["Warning WaitingForCapacity Run"]),
        (FULL, SETTING_UP, ["Normal Starting Run"]),
        (SERVING, SETTING_UP, ["Normal SetupRunning Start"]),
        (SERVING, ASKED, ["Normal EnvironmentNotReady Run"]),
        (SERVING, STALE, ["Warning AccessDenied Fetch"]),
        (STALE, SERVING, []),
        (SERVING, SERVING, []),
    ],
)
def test_a_transition_is_told_once_by_what_tells_most(old, new, expected):
    assert told(old, new) == expected


def test_another_message_is_no_transition():
    changed = app(
        (READY, True, "RunnersReady", "9 of 9 runners are ready"),
        (PACKAGES, True, "Built"),
        (SETUP, True, "SetupReturned"),
    )
    assert told(SERVING, changed) == []


def test_the_event_is_one_that_the_api_server_takes():
    (event,) = events.told(SETTING_UP, SERVING, samples.NOW, "operator-1")
    assert event["involvedObject"] == {
        "apiVersion": "falapp.dev/v1alpha1",
        "kind": "FalApp",
        "namespace": "video",
        "name": "hello",
        "uid": "uid-of-hello",
    }
    assert event["metadata"]["namespace"] == "video"
    assert event["metadata"]["name"].startswith("hello.")
    assert event["reportingComponent"] == "falapp.dev/operator"
    assert event["reportingInstance"] == "operator-1"
    assert event["eventTime"] == "2026-11-22T12:00:00.000000Z"
    assert event["firstTimestamp"] == event["lastTimestamp"] == "2026-11-22T12:00:00Z"
    assert event["count"] == 1


@pytest.mark.parametrize("letter", ["x", "é", "🙂"])
def test_a_message_is_cut_to_what_the_api_server_takes(letter):
    long = app((READY, False, "SetupFailed", letter * 2000), (STALLED, True, "SetupFailed"))
    (event,) = events.told(NEW, long, samples.NOW, "operator-1")
    assert len(event["message"].encode()) <= 1024
    assert event["message"].startswith(letter * 100)
    assert event["message"].endswith("…")


def test_what_the_api_server_said_of_a_refusal_is_told_to_nobody_else():
    refused = app((READY, False, "Refused", "env[0].value: 'hunter2'"), (STALLED, True, "Refused"))
    (event,) = events.told(NEW, refused, samples.NOW, "operator-1")
    assert "hunter2" not in str(event)


def names(old, new):
    return [e["metadata"]["name"] for e in events.told(old, new, samples.NOW, "operator-1")]


def test_two_operators_tell_one_event():
    """The second one, or the same one after a crash, sees the old status and a later clock."""
    later = list(events.told(SETTING_UP, SERVING, samples.NOW.replace(minute=9), "operator-2"))
    assert names(SETTING_UP, SERVING) == [e["metadata"]["name"] for e in later]


@pytest.mark.parametrize(
    "change",
    [
        {"uid": "another"},
        {"generation": 2},
    ],
)
def test_another_object_or_spec_has_events_of_its_own(change):
    old, new = copy.deepcopy(BUILDING), copy.deepcopy(FAILED)
    for obj in (old, new):
        obj["metadata"] |= change
    assert names(old, new) != names(BUILDING, FAILED)


def test_another_try_that_a_person_asked_for_has_events_of_its_own():
    asked = copy.deepcopy(BUILDING)
    asked["status"]["retried"] = "again"
    assert names(FAILED, asked) != names(FAILED, BUILDING)


def test_a_later_outage_has_events_of_its_own():
    since = [app(*[(READY, True, "RunnersReady")], since=samples.at(s)) for s in (-60, -30)]
    assert names(since[0], FULL) != names(since[1], FULL)


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
    name = world.cluster.find(ENVIRONMENT)["metadata"]["name"]
    world.registry.push(keys.tag(samples.environment_spec(), samples.NAMESPACE))
    await world.reconcile_environment()
    await world.reconcile_app()
    assert name == NAME
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


async def test_an_event_is_not_waited_for(world, monkeypatch):
    monkeypatch.setattr(contexts, "_PATIENCE", 0.01)

    async def hang(_event):
        await asyncio.sleep(60)

    world.cluster.tell = hang
    async with asyncio.timeout(5):
        await world.serve(samples.app())
    assert world.status()["conditions"]["Ready"]["status"] == "True"


@pytest.mark.parametrize("reason", [Reason.SETUP_FAILED, Reason.REFUSED])
async def test_the_log_says_what_the_event_says(world, caplog, reason):
    caplog.set_level("INFO")
    made = app((READY, False, reason, "a secret word"), (STALLED, True, reason))
    world.cluster.put(samples.app())
    status = contexts.FalAppStatus.model_validate(made["status"])
    await contexts.write_status(world.context, world.cluster.find(FALAPP), status)
    assert f"FalApp video/hello: {reason}" in caplog.text
    assert ("a secret word" in caplog.text) == (reason is Reason.SETUP_FAILED)

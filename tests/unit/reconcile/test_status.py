"""`status.status`: all conditions in each situation an app can be in."""

import dataclasses
import json

import pytest

from falapp_operator.api.failure import Failure
from falapp_operator.api.falapp import FalAppStatus
from falapp_operator.errors import UserError
from falapp_operator.reconcile import status as statuses
from falapp_operator.reconcile.plan import plan
from tests.unit import samples
from tests.unit.reconcile.snapshots import SETTINGS, seen, served, withdrawn
from tests.unit.workloads import ended, runner_pod, running, waiting

SETUP = json.dumps({"reason": "SetupFailed", "message": "ValueError: x", "logTail": "line 9"})
CRASHED = waiting("runner", "CrashLoopBackOff", "back-off", last=ended(1, message=SETUP))
KILLED = waiting("runner", "CrashLoopBackOff", "back-off", last=ended(137, "OOMKilled"))
NO_SECRET = waiting("runner", "CreateContainerConfigError", 'secret "hf" not found')
STARTING = running("runner", ready=False)
LOST = running("runner", 2, ready=False, started=True, last=ended(137, "OOMKilled"))
"""A runner that was killed once, serves since, and is not ready for a moment."""
FORMER = runner_pod("old", revision="old")


def building(status, *pods):
    """Return a snapshot of an app whose Deployment is of former packages."""
    app = samples.app()
    environment = samples.environment_of(app, status=status)
    return dataclasses.replace(served(app, *pods), environment=environment, pods=pods)


def two(*pods):
    return served(samples.app(replicas=2), *pods)


SITUATIONS = {
    "just created": (
        seen(), "False EnvironmentNotReady", "Unknown Pending", "Unknown NoRunners",
        "False Progressing",
    ),
    "environment pending": (
        seen(environment={}), "False EnvironmentNotReady", "Unknown Pending", "Unknown NoRunners",
        "False Progressing",
    ),
    "building": (
        seen(environment=samples.BUILDING), "False EnvironmentNotReady", "False Building",
        "Unknown NoRunners", "False Progressing",
    ),
    "building while old serves": (
        building(samples.BUILDING, FORMER), "False EnvironmentNotReady", "False Building",
        "Unknown NoRunners", "False Progressing",
    ),
    "building after a crash": (
        building(samples.BUILDING, runner_pod(containers=[CRASHED], revision="old")),
        "False EnvironmentNotReady", "False Building", "Unknown NoRunners", "False Progressing",
    ),
    "build failed": (
        seen(environment=samples.NOT_FOUND), "False PackageNotFound", "False PackageNotFound",
        "Unknown NoRunners", "True PackageNotFound",
    ),
    "build failed while old serves": (
        building(samples.NOT_FOUND, FORMER), "False PackageNotFound", "False PackageNotFound",
        "Unknown NoRunners", "True PackageNotFound",
    ),
    "build is tried again": (
        seen(environment=samples.RETRIED), "False IndexUnreachable", "False IndexUnreachable",
        "Unknown NoRunners", "False Progressing",
    ),
    "built": (
        seen(environment=samples.BUILT), "False Starting", "True Built", "Unknown NoRunners",
        "False Progressing",
    ),
    "setup runs": (
        served(None, runner_pod(containers=[STARTING])), "False Starting", "True Built",
        "False SetupRunning", "False Progressing",
    ),
    "setup runs while old serves": (
        served(None, runner_pod(containers=[STARTING]), FORMER), "False Starting", "True Built",
        "False SetupRunning", "False Progressing",
    ),
    "ready": (
        served(), "True RunnersReady", "True Built", "True SetupReturned", "False Progressing",
    ),
    "one of two is ready": (
        two(runner_pod("a"), runner_pod("b", containers=[STARTING])), "False Starting",
        "True Built", "False SetupRunning", "False Progressing",
    ),
    "old is going": (
        served(None, runner_pod("new"), FORMER), "False Starting", "True Built",
        "True SetupReturned", "False Progressing",
    ),
    "one that serves is not ready for a moment": (
        served(None, runner_pod(containers=[LOST], unready_since=600_000)), "False RunnerUnready",
        "True Built", "True SetupReturned", "False Progressing",
    ),
    "one of two is not ready for a moment, the other starts": (
        two(runner_pod("a", containers=[LOST]), runner_pod("b", containers=[STARTING])),
        "False Starting", "True Built", "False SetupRunning", "False Progressing",
    ),
    "no node": (
        served(None, runner_pod(unscheduled="0/3 nodes are available")),
        "False WaitingForCapacity", "True Built", "False SetupRunning", "False Progressing",
    ),
    "setup failed": (
        served(None, runner_pod(containers=[CRASHED])), "False SetupFailed", "True Built",
        "False SetupFailed", "True SetupFailed",
    ),
    "out of memory": (
        served(None, runner_pod(containers=[KILLED])), "False OutOfMemory", "True Built",
        "False SetupRunning", "True OutOfMemory",
    ),
    "withdrawn": (
        withdrawn("SetupFailed", FORMER), "False SetupFailed", "True Built", "False SetupFailed",
        "True SetupFailed", "True RolledBack",
    ),
    "withdrawn, and the former one starts": (
        withdrawn("OutOfMemory"), "False OutOfMemory", "True Built", "Unknown NoRunners",
        "True OutOfMemory", "True RolledBack",
    ),
    "withdrawn and suspended": (
        withdrawn("SetupFailed", suspend=True), "True Suspended", "True Built",
        "False SetupFailed", "False Progressing", "True RolledBack",
    ),
    "a Secret is missing": (
        served(None, runner_pod(containers=[NO_SECRET])), "False SecretNotFound", "True Built",
        "False SetupRunning", "True SecretNotFound",
    ),
    "scaled to zero": (
        dataclasses.replace(served(samples.app(replicas=0), FORMER), pods=()),
        "True ScaledToZero", "True Built", "Unknown NoRunners", "False Progressing",
    ),
    "unknown machine type": (
        seen(machine_type=False), "False UnknownMachineType", "Unknown Pending",
        "Unknown NoRunners", "True UnknownMachineType",
    ),
    "unknown machine type while old serves": (
        dataclasses.replace(served(), machine=None), "False UnknownMachineType",
        "Unknown Pending", "Unknown NoRunners", "True UnknownMachineType",
    ),
}  # fmt: skip
"""Each is a snapshot, then Ready, EnvironmentReady, SetupComplete and Stalled, and Withdrawn."""


def status_of(snapshot):
    return statuses.status(snapshot, plan(snapshot, SETTINGS))


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_four_conditions(situation):
    snapshot, *expected = SITUATIONS[situation]
    found = status_of(snapshot)
    types = ["Ready", "EnvironmentReady", "SetupComplete", "Stalled", "Withdrawn"]
    assert [c.type for c in found.conditions] == types[: len(expected)]
    assert [f"{c.status} {c.reason}" for c in found.conditions] == expected


@pytest.mark.parametrize("situation", SITUATIONS)
def test_it_makes_sense_to_kstatus_argo_and_kubectl_wait(situation):
    """Stalled excludes Ready, has a failure, and tells the same in each place."""
    found = status_of(SITUATIONS[situation][0])
    ready, _environment, _setup, stalled, *_withdrawn = found.conditions
    if stalled.status == "True":
        assert ready.status == "False"
        assert (stalled.reason, stalled.message) == (ready.reason, ready.message)
        assert found.failure.reason == ready.reason
        assert ready.message.startswith(found.failure.message)
    if ready.status == "True":
        assert found.failure is None
        assert stalled.status == "False"
    else:
        assert ready.message
    assert found.ready_replicas <= found.replicas
    assert found.url == "http://hello.video.svc"
    assert found.selector == "falapp.dev/app=hello"


@pytest.mark.parametrize("situation", SITUATIONS)
def test_it_survives_the_api_server(situation):
    """What is written is read again as the same, so that a second pass finds no difference."""
    found = status_of(SITUATIONS[situation][0])
    obj = found.to_object()
    assert FalAppStatus.model_validate(json.loads(json.dumps(obj))) == found
    assert None not in obj.values()


@pytest.mark.parametrize(
    ("snapshot", "message"),
    [
        (seen(), "the environment has been asked for"),
        (seen(environment=samples.BUILDING), "resolving the requirements"),
        (
            building(samples.BUILDING, FORMER, runner_pod("b", revision="old")),
            "resolving the requirements; 2 runners of the former revision still serve",
        ),
        (seen(environment=samples.BUILT), "0 of 1 runners are ready"),
        (
            served(None, runner_pod(containers=[STARTING]), FORMER),
            "0 of 1 runners are ready; 1 runner of the former revision still serves",
        ),
        (
            two(runner_pod("a"), runner_pod("b", unscheduled="0/3 nodes")),
            "1 of 2 runners are ready; no node can take a runner yet: 0/3 nodes",
        ),
        (
            served(None, runner_pod(containers=[LOST])),
            "0 of 1 runners are ready; 1 had started and is not ready now",
        ),
        (two(), "2 of 2 runners are ready"),
    ],
)
def test_ready_says_how_far_it_is(snapshot, message):
    assert status_of(snapshot).conditions[0].message == message


@pytest.mark.parametrize(
    ("snapshot", "message"),
    [
        (
            two(runner_pod("a"), runner_pod("b", containers=[STARTING])),
            "setup() has returned in 1 of 2 runners",
        ),
        (
            two(runner_pod("a", containers=[LOST]), runner_pod("b", containers=[STARTING])),
            "setup() has returned in 1 of 2 runners",
        ),
        (
            served(None, runner_pod(containers=[LOST])),
            "setup() has returned in 1 of 1 runners",
        ),
        (served(), "the slowest runner was ready 40 s after its start"),
    ],
)
def test_setup_says_how_far_it_is(snapshot, message):
    assert status_of(snapshot).conditions[2].message == message


def test_a_failure_tells_how_to_see_more():
    failure = status_of(served(None, runner_pod(containers=[CRASHED]))).failure
    assert failure.log_tail == "line 9"
    assert failure.command == "kubectl logs -n video hello-1 -c runner --previous"
    failure = status_of(served(None, runner_pod(containers=[NO_SECRET]))).failure
    assert failure.command == "kubectl describe pod -n video hello-1"


def test_a_failed_build_is_shown_as_the_environment_has_it():
    failure = status_of(seen(environment=samples.NOT_FOUND)).failure
    assert failure.to_object() == samples.NOT_FOUND["failure"]


def test_the_environment_in_use_is_named():
    found = status_of(served())
    assert found.environment.image == samples.IMAGE
    assert found.environment.name == samples.environment_of(samples.app())["metadata"]["name"]
    assert status_of(seen()).environment.image == ""
    assert status_of(seen(machine_type=False)).environment is None


def test_replicas_are_pods_and_ready_ones():
    found = status_of(served(None, runner_pod("new", containers=[STARTING]), FORMER))
    assert (found.replicas, found.ready_replicas) == (2, 1)


def test_an_unreadable_spec():
    found = statuses.invalid(samples.app(), UserError("InvalidSpec", "spec.x: why"), ())
    assert [f"{c.type} {c.status} {c.reason}" for c in found.conditions] == [
        "Ready False InvalidSpec",
        "EnvironmentReady Unknown Pending",
        "SetupComplete Unknown NoRunners",
        "Stalled True InvalidSpec",
    ]
    assert found.failure.message == "spec.x: why"
    assert found.selector == "falapp.dev/app=hello"
    assert (found.replicas, found.environment, found.source) == (0, None, None)


def test_what_nobody_can_read_of_the_former_status_is_left_out():
    """A newer operator may have written it."""
    status = {"environment": {"name": 1}, "source": "x", "withdrawn": {"y": 2}}
    app = samples.app() | {"status": status}
    found = statuses.invalid(app, UserError("InvalidSpec", "spec.x: why"), (FORMER,))
    assert (found.environment, found.source, found.withdrawn) == (None, None, None)
    assert found.ready_replicas == 1


def test_a_failure_with_too_long_a_message_is_cut():
    """Else it could not be written, and nobody would learn of it."""
    files = {f"{'x' * 240}{n}.py": "" for n in range(64)}
    app = samples.app(source={"inline": files})
    found = status_of(seen(app))
    assert found.failure.reason == "InvalidSpec"
    assert len(found.failure.message) == 4096
    assert found.failure.message.startswith("spec.entrypoint: the source has no file 'app.py'")
    assert found.conditions[0].message == found.failure.message
    tail = Failure(reason="X", message="x", log_tail=f"first{'x' * 9000}last").log_tail
    assert len(tail) == 8192
    assert tail.endswith("last")

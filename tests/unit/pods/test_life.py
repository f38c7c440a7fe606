"""Runners that are not ready now: they start, they had started, or they ended."""

import json

import pytest

from falapp_operator.api.conditions import Reason
from falapp_operator.runner import life
from falapp_operator.runner.outcome import are_hopeless, runners, trouble
from tests.unit.workloads import ended, runner_pod, running, terminated, waiting

REPORT = json.dumps({"reason": "SetupFailed", "message": "ValueError: no database"})
RAISED = ended(1, message=REPORT)
STARTED = running("runner", 20, ready=False, started=True, last=RAISED) | {"restartCount": 2}
"""A runner whose third try succeeded, and that is not ready now."""
STARTING = STARTED | {"started": False}


def without_probe(pod):
    del pod["spec"]["containers"][0]["startupProbe"]
    return pod


@pytest.mark.parametrize(
    "pod",
    [
        runner_pod(containers=[STARTED]),
        runner_pod(containers=[STARTED], unready_since=600_000),
        runner_pod(containers=[STARTING], unready_since=600_000),
        without_probe(runner_pod(containers=[STARTED], unready_since=600_000)),
        runner_pod(containers=[STARTED | {"ready": True}], ready=False),
        runner_pod(containers=[STARTED | {"lastState": {"terminated": ended(137, "OOMKilled")}}]),
    ],
    ids=[
        "started", "was ready", "the kubelet was started anew", "no startup probe",
        "its node is out of reach", "killed once",
    ],
)  # fmt: skip
def test_a_runner_that_has_started_is_in_no_trouble(pod):
    assert trouble(pod) is None
    assert not are_hopeless([pod])
    found = runners([pod], "rev")
    assert (found.current, found.current_started, found.current_ready) == (1, 1, 0)


@pytest.mark.parametrize(
    "pod",
    [
        runner_pod(containers=[STARTING]),
        without_probe(runner_pod(containers=[STARTED])),
        runner_pod(containers=[waiting("runner", "CrashLoopBackOff", last=RAISED)]),
    ],
    ids=["setup() runs", "no startup probe", "back-off"],
)
def test_a_runner_that_has_not_is(pod):
    assert trouble(pod).reason == Reason.SETUP_FAILED
    assert runners([pod], "rev").current_started == 0


def test_an_init_container_is_started_as_soon_as_it_runs():
    """It has no startup probe: what it tried last counts until it is done."""
    denied = ended(1, message=json.dumps({"reason": "AccessDenied", "message": "no"}))
    again = running("source", ready=False, started=True, last=denied)
    pod = runner_pod(
        init=[terminated("runtime"), again], containers=[waiting("runner", "PodInitializing")]
    )
    assert trouble(pod).reason == Reason.ACCESS_DENIED


@pytest.mark.parametrize(
    ("unready_since", "hopeless"), [(0, True), (1_000, False)], ids=["never ready", "was ready"]
)
def test_what_was_ready_once_has_not_failed_to_start(unready_since, hopeless):
    crashed = waiting("runner", "CrashLoopBackOff", last=RAISED) | {"restartCount": 3}
    pod = runner_pod(containers=[crashed], unready_since=unready_since)
    found = trouble(pod)
    assert (found.reason, found.stalled) == (Reason.SETUP_FAILED, True)
    assert found.hopeless == are_hopeless([pod]) == hopeless


@pytest.mark.parametrize("status", [{}, {"conditions": []}, {"conditions": [{"type": "Ready"}]}])
def test_a_pod_of_which_little_is_known(status):
    pod = runner_pod() | {"status": status}
    assert not any(tells(pod) for tells in (life.is_ready, life.is_started, life.has_served))

"""Ends that tell less, or come from another container than the runner."""

import pytest

from falapp_operator.api.conditions import Reason
from falapp_operator.runner.outcome import lost, trouble
from tests.unit import samples
from tests.unit.pods.test_outcome import crashed, report
from tests.unit.workloads import ended, runner_pod, terminated, waiting


def test_a_runner_that_ended_inside_setup_without_a_word():
    log = "2026-11-22T12:00:00.000Z falapp: Setup\nloading weights\n"
    found = trouble(crashed(ended(139, message=log)))
    assert found.reason == Reason.SETUP_EXITED
    assert found.message == (
        "the runner ended with exit code 139 (SIGSEGV) inside setup(); see its last lines"
    )
    assert found.log_tail == log


def test_a_start_that_only_the_interpreter_could_end():
    words = 'Timeout (0:10:05)!\nThread 0x1 (most recent call first):\n  File "app.py", line 9'
    found = trouble(crashed(ended(1, message=words)))
    assert found.reason == Reason.SETUP_TIMEOUT
    assert "startupTimeout" in found.message
    assert found.log_tail == words


@pytest.mark.parametrize(
    ("message", "reason", "stalled"),
    [
        (report("SourceNotFound"), Reason.SOURCE_NOT_FOUND, True),
        (report("AccessDenied"), Reason.ACCESS_DENIED, True),
        (report("SourceUnreachable"), Reason.SOURCE_UNREACHABLE, False),
        ("cp: can't stat '/app/.'", Reason.SOURCE_NOT_FOUND, True),
    ],
)
def test_a_source_that_cannot_be_had(message, reason, stalled):
    init = [terminated("runtime"), terminated("source", 1, message=message)]
    pod = runner_pod(init=init, containers=[waiting("runner", "PodInitializing")])
    found = trouble(pod)
    assert (found.reason, found.stalled) == (reason, stalled)


def test_the_secret_of_a_git_source_is_missed():
    why = waiting("source", "CreateContainerConfigError", 'secret "git" not found')
    pod = runner_pod(init=[terminated("runtime"), why], containers=[waiting("runner", "x")])
    found = trouble(pod)
    assert found.reason == Reason.SECRET_NOT_FOUND
    assert found.message.startswith("spec.source.git.secretRef: Secret 'git' does not exist")


def test_a_claim_that_does_not_exist_is_named():
    pod = runner_pod(unscheduled='0/3 nodes: persistentvolumeclaim "weights" not found. preempt…')
    found = trouble(pod)
    assert (found.reason, found.stalled) == (Reason.VOLUME_CLAIM_NOT_FOUND, True)
    assert "PersistentVolumeClaim 'weights' in namespace video; create it" in found.message


LOST = report("WorkerLost")
RUN = {"startedAt": samples.at(0), "finishedAt": samples.at(3600)}
SHORT = {"startedAt": samples.at(0), "finishedAt": samples.at(5)}


def lost_pod(end, restarts=1):
    pod = crashed(end)
    pod["status"]["containerStatuses"][0]["restartCount"] = restarts
    return pod


@pytest.mark.parametrize(
    ("end", "restarts", "replaced"),
    [
        (ended(1, message=LOST) | RUN, 1, True),
        (ended(1, message=LOST) | SHORT, 1, False),  # the kubelet's pauses grow
        (ended(1, message=LOST) | SHORT, 3, True),
        (ended(1, message=report("SetupFailed")) | RUN, 1, False),
        (ended(1, message="WorkerLost") | RUN, 9, False),
    ],
)
def test_a_runner_that_lost_its_gpu_is_replaced_and_no_other(end, restarts, replaced):
    pod = lost_pod(end, restarts)
    assert [p["metadata"]["name"] for p in lost([pod])] == ["hello-1"] * replaced


def test_it_is_replaced_once_and_is_no_reason_to_wait_for_a_person():
    pod = lost_pod(ended(1, message=LOST) | RUN)
    assert not trouble(pod).stalled
    pod["metadata"]["deletionTimestamp"] = samples.at(3601)
    assert lost([pod]) == ()

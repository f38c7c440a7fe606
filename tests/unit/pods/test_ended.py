"""Ends that tell less, or come from another container than the runner."""

import pytest

from falapp_operator.api.conditions import Reason
from falapp_operator.runner.outcome import are_hopeless, lost, runners, trouble
from tests.unit import samples
from tests.unit.pods.test_outcome import crashed, report
from tests.unit.workloads import ended, runner_pod, running, terminated, waiting


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


RAISED = ended(1, message=report("SetupFailed"))


@pytest.mark.parametrize(
    ("container", "ends", "hopeless"),
    [
        (terminated("runner", 1, message=report("SetupFailed")), 1, False),
        (running("runner", ready=False, last=RAISED), 1, False),
        (waiting("runner", "CrashLoopBackOff", last=RAISED) | {"restartCount": 0}, 1, False),
        (waiting("runner", "CrashLoopBackOff", last=RAISED), 2, True),
        (running("runner", ready=False, last=RAISED) | {"restartCount": 2}, 2, True),
        (terminated("runner", 1, message=report("SetupFailed")) | {"restartCount": 1}, 2, True),
        (waiting("runner", "CrashLoopBackOff", last=ended(1, message=report("X"))), 2, True),
        (waiting("runner", "CrashLoopBackOff", last=ended(0)), 2, True),
        (waiting("runner", "CreateContainerConfigError", 'secret "x" not found'), 0, False),
    ],
)
def test_a_revision_is_hopeless_when_a_runner_of_it_had_its_chances(container, ends, hopeless):
    pod = runner_pod(containers=[container])
    found = trouble(pod)
    assert (found.ends, found.hopeless) == (ends, hopeless)
    assert are_hopeless([pod]) == hopeless


@pytest.mark.parametrize("turn", [1, -1])
def test_what_is_hopeless_is_shown_before_what_needs_a_hand(turn):
    lacking = waiting("runner", "CreateContainerConfigError", 'secret "x" not found')
    pods = [
        runner_pod("a", containers=[lacking]),
        runner_pod("b", containers=[waiting("runner", "CrashLoopBackOff", last=RAISED)]),
    ]
    assert runners(pods[::turn], "rev").trouble.reason == Reason.SETUP_FAILED


def test_runners_that_serve_or_are_on_their_way_out_say_nothing_of_their_revision():
    broken = [waiting("runner", "CrashLoopBackOff", last=RAISED)]
    going = runner_pod(containers=broken, deletionTimestamp=samples.at())
    assert not are_hopeless([runner_pod(containers=[running("runner", last=RAISED)]), going])

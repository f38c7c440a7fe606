"""What the kubelet, its runtime and the kernel do to a build, and what is made of it."""

import pytest

from falapp_operator.api.conditions import Reason
from falapp_operator.environment.outcome import TRANSIENT, Phase, outcome
from tests.unit import workloads
from tests.unit.environment.pods import NAME, failed_pod, report, steps
from tests.unit.workloads import terminated, waiting

BASE = "registry.example:5000/resolve:v1"


@pytest.mark.parametrize(
    ("step", "doing"),
    [
        ("resolve", "resolving the requirements"),
        ("wheels", "installing wheels"),
        ("sources", "building packages from source"),
    ],
)
@pytest.mark.parametrize(
    ("code", "reason", "message"),
    [
        (137, "OOMKilled", "half a log"),
        (137, "OOMKilled", report("InstallFailed", "the installer ended")),
        (1, None, "error building image: waiting for process to exit: signal: killed\n"),
    ],
    ids=["the step", "the step after its report", "its command"],
)
def test_a_step_killed_for_memory(step, doing, code, reason, message):
    pod = failed_pod(step, code=code, reason=reason, message=message)
    seen = outcome(workloads.job(NAME, workloads.failed()), [pod])
    assert (seen.reason, seen.container) == (Reason.OUT_OF_MEMORY, step)
    assert f"killed for memory while {doing}; " in seen.message
    assert "builds.resources.limits.memory" in seen.message
    assert seen.reason not in TRANSIENT


def test_a_step_that_found_the_disk_full():
    message = "write /kaniko/0.tar: no space left on device\n"
    seen = outcome(workloads.job(NAME, workloads.failed()), [failed_pod("wheels", message=message)])
    assert (seen.reason, seen.container) == (Reason.DISK_FULL, "wheels")
    assert "no disk was left while installing wheels" in seen.message
    assert "builds.resources.limits.ephemeral-storage" in seen.message
    assert seen.log_tail == message
    assert seen.reason not in TRANSIENT


@pytest.mark.parametrize(
    ("reason", "said", "expected", "names"),
    [
        (
            "Evicted",
            "Pod ephemeral local storage usage exceeds the total limit of containers 10Gi. ",
            Reason.DISK_FULL,
            "builds.resources.limits.ephemeral-storage",
        ),
        (
            "Evicted",
            'Container wheels exceeded its local ephemeral storage limit "10Gi". ',
            Reason.DISK_FULL,
            "builds.resources.limits.ephemeral-storage",
        ),
        (
            "Evicted",
            "The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi. ",
            Reason.EVICTED,
            "(Evicted: The node was low on resource: ephemeral-storage",
        ),
        ("NodeShutdown", "", Reason.EVICTED, "(NodeShutdown)"),
        ("OutOfmemory", "Node didn't have enough resource: memory", Reason.EVICTED, "OutOfmemory"),
    ],
)
@pytest.mark.parametrize("started", [True, False])
def test_a_pod_that_its_node_did_not_keep(reason, said, expected, names, started):
    pod = failed_pod("wheels", code=137) if started else workloads.build_pod(NAME, phase="Failed")
    pod["status"] |= {"reason": reason, "message": said}
    seen = outcome(workloads.job(NAME, workloads.failed()), [pod])
    assert (seen.phase, seen.reason) == (Phase.FAILED, expected)
    assert names in seen.message
    assert (seen.reason in TRANSIENT) == (expected is Reason.EVICTED)
    assert not seen.stuck


def test_a_node_that_was_lost():
    pod = failed_pod("wheels", code=137, reason="ContainerStatusUnknown", message="not found")
    seen = outcome(workloads.job(NAME, workloads.failed()), [pod])
    assert (seen.reason, seen.container) == (Reason.EVICTED, "wheels")


NO_PYTHON = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc"
    ' create failed: unable to start container process: exec: "python3": executable file not found'
    " in $PATH: unknown"
)


@pytest.mark.parametrize(
    ("status", "job"),
    [
        (terminated("resolve", 128, "StartError", NO_PYTHON), workloads.failed()),
        (terminated("resolve", 127, "ContainerCannotRun", NO_PYTHON), workloads.failed()),
        (
            waiting(
                "resolve",
                "CreateContainerError",
                "container create failed: executable file `python3` not found in $PATH",
            ),
            None,
        ),
    ],
    ids=["containerd", "Docker", "CRI-O, which tries for ever"],
)
def test_a_base_image_without_python(status, job):
    pod = workloads.build_pod(NAME, *steps("resolve", status), phase="Pending")
    seen = outcome(workloads.job(NAME, job), [pod])
    assert (seen.phase, seen.reason) == (Phase.FAILED, Reason.BASE_IMAGE_UNUSABLE)
    assert seen.message.startswith(f"the base image {BASE} has no python3; ")
    assert "python3" in seen.log_tail
    assert seen.stuck == (job is None)
    assert seen.reason not in TRANSIENT


def test_what_another_step_says_of_python_is_not_the_bases_fault():
    pod = failed_pod("plan", code=128, reason="StartError", message=NO_PYTHON)
    seen = outcome(workloads.job(NAME, workloads.failed()), [pod])
    assert seen.reason == Reason.BUILD_FAILED


RESOLVED = f'failed to pull and unpack image "{BASE}": failed to resolve reference "{BASE}"'
BACK_OFF = f'Back-off pulling image "{BASE}"'


@pytest.mark.parametrize(
    ("reason", "said", "why"),
    [
        ("ErrImagePull", f"{RESOLVED}: {BASE}: not found", "does not have it"),
        ("ImagePullBackOff", f"{BACK_OFF}: ErrImagePull: manifest unknown", "does not have it"),
        (
            "ErrImagePull",
            "pull access denied, repository does not exist or may require authorization",
            "without the right credentials",
        ),
        ("ErrImagePull", f"{RESOLVED}: 401 Unauthorized", "without the right credentials"),
        ("ErrImagePull", f"{RESOLVED}: 403 Forbidden", "without the right credentials"),
        ("ErrImagePull", "no match for platform in manifest: not found", "the platform of the"),
        ("ErrImagePull", "no matching manifest for linux/amd64", "the platform of the nodes"),
        ("InvalidImageName", "couldn't parse image name", "is not the name of an image"),
    ],
)
def test_a_base_image_that_is_refused(reason, said, why):
    pod = workloads.build_pod(NAME, *steps("resolve", waiting("resolve", reason, said)))
    seen = outcome(workloads.job(NAME), [pod])
    assert (seen.phase, seen.reason) == (Phase.FAILED, Reason.BASE_IMAGE_PULL_FAILED)
    assert seen.message.startswith(f"the base image {BASE} cannot be pulled: ")
    assert why in seen.message
    assert (seen.container, seen.stuck) == ("resolve", True)
    assert seen.reason not in TRANSIENT


@pytest.mark.parametrize(
    ("step", "reason", "said"),
    [
        ("resolve", "ErrImagePull", f"{RESOLVED}: dial tcp 10.0.0.1:443: i/o timeout"),
        ("resolve", "ErrImagePull", f"{RESOLVED}: 503 Service Unavailable"),
        ("resolve", "ImagePullBackOff", BACK_OFF),
        ("wheels", "ErrImagePull", "not found"),  # the operator's own image, not the user's
    ],
)
def test_an_image_that_may_come_yet_is_waited_for(step, reason, said):
    pod = workloads.build_pod(NAME, *steps(step, waiting(step, reason, said)), phase="Pending")
    seen = outcome(workloads.job(NAME), [pod])
    assert seen.phase is Phase.RUNNING
    assert seen.message == f"cannot pull the image of step {step}: registry.example:5000/{step}:v1"


def test_an_images_own_name_is_no_refusal():
    status = waiting("resolve", "ErrImagePull", 'pulling "denied.example/not found": i/o timeout')
    status["image"] = "denied.example/not found"
    pod = workloads.build_pod(NAME, *steps("resolve", status), phase="Pending")
    assert outcome(workloads.job(NAME), [pod]).phase is Phase.RUNNING


def test_other_peoples_words_hold_no_credentials():
    said = "denied: GET https://token:hunter2@registry.example/v2?sig=hunter2\n\tagain"
    pod = workloads.build_pod(NAME, *steps("resolve", waiting("resolve", "ErrImagePull", said)))
    seen = outcome(workloads.job(NAME), [pod])
    assert "registry.example" in seen.log_tail
    log = "cloning https://token:hunter2@git.example/x?sig=hunter2\nfatal: no\n"
    failed = outcome(workloads.job(NAME, workloads.failed()), [failed_pod("sources", message=log)])
    assert "git.example" in failed.log_tail
    assert "hunter2" not in seen.message + seen.log_tail + failed.message + failed.log_tail

import json

import pytest

from falapp_operator.api.conditions import Reason
from falapp_operator.environment.outcome import TRANSIENT, Phase, outcome
from tests.unit import samples, workloads
from tests.unit.workloads import running, terminated, waiting

NAME = "env-0123456789abcdef"
STEPS = ("tools", "resolve", "build", "publish")
PUBLISHED = {"digest": samples.DIGEST, "packages": 5, "layersUploaded": 2, "seconds": 1.5}


def steps(until, last):
    """Return the statuses of a pod's steps: those before ``until`` are done, later ones wait."""
    done = [terminated(s) for s in STEPS[: STEPS.index(until)]]
    rest = [waiting(s, "PodInitializing") for s in STEPS[STEPS.index(until) + 1 :]]
    return [*done, last, *rest]


def failed_pod(step, *, code=1, reason=None, message="", **more):
    containers = steps(step, terminated(step, code, reason, message))
    return workloads.build_pod(NAME, *containers, phase="Failed", **more)


def report(reason, message, log_tail=""):
    return json.dumps({"reason": reason, "message": message, "logTail": log_tail})


@pytest.mark.parametrize(
    ("step", "reason", "transient"),
    [
        ("resolve", "PackageNotFound", False),
        ("resolve", "ResolutionImpossible", False),
        ("resolve", "InvalidRequirement", False),
        ("resolve", "IndexUnreachable", True),
        ("build", "InstallFailed", False),
        ("publish", "PublishFailed", True),
        ("publish", "RegistryUnreachable", True),
    ],
)
def test_a_step_reports_why_it_failed(step, reason, transient):
    pod = failed_pod(step, message=report(reason, "requirements[0]: why", "line 1\nline 2"))
    seen = outcome(workloads.job(NAME, workloads.failed()), [pod])
    assert seen.phase is Phase.FAILED
    assert seen.reason == Reason(reason)
    assert seen.message == "requirements[0]: why"
    assert seen.log_tail == "line 1\nline 2"
    assert seen.container == step
    assert (seen.reason in TRANSIENT) == transient


@pytest.mark.parametrize(
    ("step", "doing"),
    [
        ("tools", "getting the build's tools ready"),
        ("resolve", "resolving the requirements"),
        ("build", "installing the packages"),
        ("publish", "pushing the image"),
    ],
)
@pytest.mark.parametrize(
    "message", ["", "error building image: exit status 1\n", "{}", "[1]", '"text"', '{"a": ']
)
def test_a_step_that_reports_nothing_readable_is_named(step, doing, message):
    seen = outcome(workloads.job(NAME, workloads.failed()), [failed_pod(step, message=message)])
    assert seen.reason == Reason.BUILD_FAILED
    assert seen.message == f"failed while {doing}"
    assert seen.container == step
    assert seen.log_tail == message


def test_a_reason_that_is_none_of_ours_is_not_taken_over():
    pod = failed_pod("build", message=report("Surprise", "something else"))
    seen = outcome(workloads.job(NAME, workloads.failed()), [pod])
    assert (seen.reason, seen.message) == (Reason.BUILD_FAILED, "something else")


@pytest.mark.parametrize("step", ["resolve", "build"])
def test_a_step_killed_for_memory(step):
    pod = failed_pod(step, code=137, reason="OOMKilled", message="half a log")
    seen = outcome(workloads.job(NAME, workloads.failed()), [pod])
    assert seen.reason == Reason.OUT_OF_MEMORY
    assert "builds.resources.limits.memory" in seen.message
    assert seen.container == step


def test_a_build_that_took_too_long():
    status = workloads.failed("DeadlineExceeded", "Job was active longer than specified deadline")
    pod = failed_pod("build", code=137)
    seen = outcome(workloads.job(NAME, status), [pod])
    assert (seen.phase, seen.reason) == (Phase.FAILED, Reason.BUILD_TIMEOUT)
    assert "builds.timeout" in seen.message


def test_a_failed_job_whose_pod_is_gone():
    seen = outcome(workloads.job(NAME, workloads.failed()), [])
    assert seen.reason == Reason.BUILD_FAILED
    assert seen.message == "Job has reached the specified backoff limit"
    assert seen.container == ""


def test_a_failed_pod_without_containers():
    """The kubelet refused it, as when the node ran out of what the pod asked for."""
    pod = workloads.build_pod(NAME, phase="Failed")
    seen = outcome(workloads.job(NAME, workloads.failed()), [pod])
    assert seen.reason == Reason.BUILD_FAILED


def test_the_newest_pod_tells_when_an_older_one_was_disrupted():
    old = failed_pod("build", code=137, name=f"{NAME}-aaaaa", created=2)
    new = failed_pod(
        "resolve", message=report("PackageNotFound", "nope"), name=f"{NAME}-bbbbb", created=9
    )
    for pods in ([old, new], [new, old]):
        seen = outcome(workloads.job(NAME, workloads.failed()), pods)
        assert (seen.reason, seen.container) == (Reason.PACKAGE_NOT_FOUND, "resolve")


def test_pods_of_a_former_job_of_the_same_name_tell_nothing():
    pod = failed_pod("resolve", message=report("PackageNotFound", "nope"))
    pod["metadata"]["ownerReferences"][0]["uid"] = "uid-of-a-former-job"
    assert outcome(workloads.job(NAME, workloads.failed()), [pod]).reason == Reason.BUILD_FAILED
    assert outcome(workloads.job(NAME), [pod]).message == "starting the build"


@pytest.mark.parametrize(
    ("message", "result"),
    [
        (json.dumps(PUBLISHED), PUBLISHED),
        ("", {}),
        ("pushed", {}),
        ('{"packages": 5}', {}),
        ('{"digest": "latest"}', {}),
        ('{"digest": null}', {}),
    ],
)
def test_success_tells_the_digest_where_there_is_one(message, result):
    pod = workloads.build_pod(
        NAME, *steps("publish", terminated("publish", message=message)), phase="Succeeded"
    )
    seen = outcome(workloads.job(NAME, workloads.complete()), [pod])
    assert (seen.phase, seen.reason, seen.result) == (Phase.SUCCEEDED, Reason.BUILT, result)


def test_success_without_a_pod():
    seen = outcome(workloads.job(NAME, workloads.complete()), [])
    assert (seen.phase, seen.result) == (Phase.SUCCEEDED, {})


@pytest.mark.parametrize("type_", ["FailureTarget", "SuccessCriteriaMet", "Failed"])
def test_a_job_that_is_about_to_end_still_runs(type_):
    """FailureTarget and SuccessCriteriaMet come first, while the pod is still being ended."""
    job = workloads.job(NAME, workloads.failed())
    first = job["status"]["conditions"][0]
    first["type"] = type_
    first["status"] = "False" if type_ == "Failed" else "True"
    job["status"]["conditions"] = [first]
    assert outcome(job, []).phase is Phase.RUNNING


@pytest.mark.parametrize(
    ("containers", "text"),
    [
        (steps("tools", waiting("tools", "PodInitializing")), "starting the build"),
        (steps("tools", running("tools")), "getting the build's tools ready"),
        (steps("resolve", running("resolve")), "resolving the requirements"),
        (steps("build", running("build")), "installing the packages"),
        (steps("publish", running("publish")), "pushing the image"),
        (
            steps("build", waiting("build", "ImagePullBackOff", "Back-off pulling image")),
            "cannot pull the image of step build: registry.example:5000/build:v1",
        ),
        (
            steps("resolve", waiting("resolve", "ErrImagePull", "not found")),
            "cannot pull the image of step resolve: registry.example:5000/resolve:v1",
        ),
    ],
)
def test_a_running_build_says_what_it_does(containers, text):
    seen = outcome(workloads.job(NAME), [workloads.build_pod(NAME, *containers, phase="Pending")])
    assert seen.phase is Phase.RUNNING
    assert seen.message == text


def test_a_build_that_waits_for_a_node_says_why():
    why = "0/3 nodes are available: 3 Insufficient memory."
    pod = workloads.build_pod(NAME, unscheduled=why)
    assert outcome(workloads.job(NAME), [pod]).message == f"waiting for a node: {why}"


def test_a_job_that_nobody_has_looked_at_yet():
    job = workloads.job(NAME)
    job["status"] = {}
    assert outcome(job, []).message == "starting the build"
    del job["status"]
    assert outcome(job, []).message == "starting the build"

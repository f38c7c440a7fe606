import json

import pytest

from falapp_builder.pod import failure
from falapp_operator.api.conditions import Reason
from falapp_operator.environment.outcome import TRANSIENT, Phase, outcome
from tests.unit import samples, workloads
from tests.unit.environment.pods import NAME, failed_pod, report, steps
from tests.unit.workloads import running, terminated, waiting

PUBLISHED = {"digest": samples.DIGEST, "packages": 5, "layersReused": 4, "layersBuilt": 2}


def test_every_reason_of_the_builder_is_one_of_ours():
    assert {reason.value for reason in failure.Reason} <= {reason.value for reason in Reason}


@pytest.mark.parametrize(
    ("step", "reason", "transient"),
    [
        ("resolve", "PackageNotFound", False),
        ("resolve", "ResolutionImpossible", False),
        ("resolve", "InvalidRequirement", False),
        ("resolve", "IndexUnreachable", True),
        ("resolve", "HashMismatch", False),
        ("resolve", "NoMatchingWheel", False),
        ("resolve", "AccessDenied", False),
        ("resolve", "BaseImageUnusable", False),
        ("plan", "IndexUnreachable", True),
        ("plan", "RegistryUnreachable", True),
        ("plan", "DiskFull", False),
        ("wheels", "InstallFailed", False),
        ("sources", "CompileFailed", False),
        ("sources", "OutOfMemory", False),
        ("publish", "PushDenied", True),
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
        ("plan", "looking for layers in the registry and downloading packages"),
        ("wheels", "installing wheels"),
        ("sources", "building packages from source"),
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
    pod = failed_pod("wheels", message=report("Surprise", "something else"))
    seen = outcome(workloads.job(NAME, workloads.failed()), [pod])
    assert (seen.reason, seen.message) == (Reason.BUILD_FAILED, "something else")


def test_a_build_that_took_too_long():
    pod = failed_pod("wheels", code=137)
    pod["status"] |= {
        "reason": "DeadlineExceeded",
        "message": "Pod was active on the node longer than the specified deadline",
    }
    seen = outcome(workloads.job(NAME, workloads.failed()), [pod])
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
    old = failed_pod("wheels", code=137, name=f"{NAME}-aaaaa", created=2)
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
        (steps("wheels", running("wheels")), "installing wheels"),
        (steps("publish", running("publish")), "pushing the image"),
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


@pytest.mark.parametrize(
    ("volumes", "ready", "text"),
    [
        ([{"configMap": {"name": NAME}}], False, "starting the build"),
        (
            [{"secret": {"secretName": NAME}}, {"secret": {"secretName": "push"}}],
            False,
            f"starting the build, which needs Secret {NAME}, push in {samples.BUILDS}",
        ),
        ([{"secret": {"secretName": NAME}}], True, "starting the build"),
    ],
    ids=str,
)
def test_a_build_that_waits_for_a_secret_says_which(volumes, ready, text):
    pod = workloads.build_pod(
        NAME, *steps("tools", waiting("tools", "PodInitializing")), phase="Pending"
    )
    pod["spec"]["volumes"] = volumes
    (started,) = (
        c for c in pod["status"]["conditions"] if c["type"] == "PodReadyToStartContainers"
    )
    started["status"] = str(ready)
    assert outcome(workloads.job(NAME), [pod]).message == text


@pytest.mark.parametrize(
    ("disrupted", "text"),
    [
        ("True", "the build's node does not keep its pod; starting another one"),
        ("False", "installing wheels"),
    ],
)
def test_a_pod_that_failed_under_a_job_that_has_not(disrupted, text):
    pod = failed_pod("wheels", code=137)
    pod["status"]["conditions"].append({"type": "DisruptionTarget", "status": disrupted})
    seen = outcome(workloads.job(NAME), [pod])
    assert (seen.phase, seen.message) == (Phase.RUNNING, text)


@pytest.mark.parametrize("status", [None, workloads.complete(), workloads.failed()])
def test_a_published_image_counts_whatever_its_job_says(status):
    """The Job's word comes later, and its time may run out between the two."""
    ended = terminated("publish", message=json.dumps(PUBLISHED))
    pod = workloads.build_pod(NAME, *steps("publish", ended))
    seen = outcome(workloads.job(NAME, status), [pod])
    assert (seen.phase, seen.result) == (Phase.SUCCEEDED, PUBLISHED)
    assert seen.seconds == 4


def test_a_publish_that_ended_without_a_word_is_no_success_yet():
    pod = workloads.build_pod(NAME, *steps("publish", terminated("publish")))
    assert outcome(workloads.job(NAME), [pod]).phase is Phase.RUNNING

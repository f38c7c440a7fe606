"""`builds.decide`: every branch, state in and decision out."""

from datetime import timedelta

import pytest

from falapp_operator.api import meta
from falapp_operator.api.conditions import Reason
from falapp_operator.api.environment import EnvironmentBuildStatus
from falapp_operator.cluster.registry import Image
from falapp_operator.environment.outcome import LIMITED, TRANSIENT, Outcome, Phase
from falapp_operator.reconcile import builds, verdict
from tests.unit import samples, workloads

IMAGE = Image(reference=samples.IMAGE, packages=5)
RUNNING = Outcome(phase=Phase.RUNNING, message="resolving the requirements")
SUCCEEDED = Outcome(phase=Phase.SUCCEEDED, reason=Reason.BUILT)


LAYERS = {"layersReused": 14, "layersBuilt": 3, "bytes": 7, "size": 99}


def failed(reason=Reason.PACKAGE_NOT_FOUND, container="resolve", **more):
    return Outcome(
        phase=Phase.FAILED,
        reason=reason,
        message="why",
        log_tail="tail",
        container=container,
        **more,
    )


def seen(*, status=None, job=None, outcome=None, image=None, created=0, retry=False):
    environment = samples.environment(created=created)
    return builds.Observed(
        environment=environment,
        status=EnvironmentBuildStatus.model_validate(status or {}),
        job=job,
        outcome=outcome,
        image=image,
        builds_namespace=samples.BUILDS,
        retry=retry,
    )


def job(status=None, **more):
    return workloads.job("env-x", status, **more)


def decide(observed, after=60):
    return builds.decide(observed, samples.NOW + timedelta(seconds=after))


def facts(decision):
    """Return Ready's and Stalled's status and reason."""
    return [(c.status, c.reason) for c in decision.status.conditions]


def deeds(decision):
    return (decision.start, decision.drop, decision.again)


@pytest.mark.parametrize("status", [None, samples.BUILDING, samples.NOT_FOUND, samples.RETRIED])
def test_an_image_without_a_build_was_found(status):
    made = decide(seen(status=status, image=IMAGE))
    assert facts(made) == [("True", "FoundInRegistry"), ("False", "Progressing")]
    assert made.status.conditions[0].message == "5 packages; nothing had to be built"
    assert (made.status.image, made.status.packages) == (samples.IMAGE, 5)
    assert (made.status.attempts, made.status.failure) == (0, None)
    assert deeds(made) == (False, False, None)
    assert verdict.is_ready(made.status)


@pytest.mark.parametrize(
    ("packages", "message", "seconds"),
    [
        (5, "5 packages; built in 48 s", 48),
        (1, "1 package; built in 1 s", 1),
        (0, "0 packages; built", 0),
    ],
)
def test_an_image_after_a_build_was_built(packages, message, seconds):
    image = Image(reference=samples.IMAGE, packages=packages)
    ended = Outcome(phase=Phase.SUCCEEDED, reason=Reason.BUILT, seconds=seconds)
    made = decide(seen(status=samples.BUILDING, job=job(), outcome=ended, image=image))
    assert facts(made) == [("True", "Built"), ("False", "Progressing")]
    assert made.status.conditions[0].message == message
    assert made.status.build_seconds == seconds
    assert deeds(made) == (False, False, None)


@pytest.mark.parametrize(
    ("result", "message", "counts"),
    [
        (LAYERS, "5 packages; 3 of 17 layers built in 48 s", (14, 3, 7)),
        (
            {"layersReused": 2, "layersBuilt": 0},
            "5 packages; 0 of 2 layers built in 48 s",
            (2, 0, 0),
        ),
        ({"layersReused": "many", "layersBuilt": -1}, "5 packages; built in 48 s", (0, 0, 0)),
    ],
)
def test_a_build_tells_what_it_reused(result, message, counts):
    outcome = Outcome(phase=Phase.SUCCEEDED, reason=Reason.BUILT, result=result, seconds=48)
    image = Image(reference=samples.IMAGE, packages=5, size=99)
    status = decide(seen(job=job(workloads.complete(1, 49)), outcome=outcome, image=image)).status
    assert status.conditions[0].message == message
    assert (status.layers_reused, status.layers_built, status.bytes) == counts
    assert status.size == 99


@pytest.mark.parametrize(
    ("status", "attempts"), [(None, 1), (samples.BUILDING, 2), (samples.RETRIED, 2)]
)
def test_without_image_and_job_a_build_starts(status, attempts):
    made = decide(seen(status=status))
    assert facts(made) == [("False", "Building"), ("False", "Progressing")]
    assert made.status.attempts == attempts
    assert made.status.failure is None
    assert deeds(made) == (True, False, None)


def test_what_waits_for_a_person_goes_on_waiting():
    made = decide(seen(status=samples.NOT_FOUND))
    assert made.status == EnvironmentBuildStatus.model_validate(samples.NOT_FOUND)
    assert deeds(made) == (False, False, None)


@pytest.mark.parametrize("status", [None, samples.BUILDING, samples.RETRIED])
def test_a_running_build_is_told_of(status):
    made = decide(seen(status=status, job=job(), outcome=RUNNING))
    assert facts(made) == [("False", "Building"), ("False", "Progressing")]
    assert made.status.conditions[0].message == "resolving the requirements"
    assert made.status.attempts == (1 if status else 0)
    assert deeds(made) == (False, False, None)


def test_built_and_gone_is_built_again():
    gone = seen(job=job(workloads.complete()), outcome=SUCCEEDED)
    made = decide(gone, after=3600)
    assert facts(made)[0] == ("False", "Building")
    assert deeds(made) == (False, True, 1)
    # A registry that keeps nothing must not keep the cluster building without a pause.
    start, drop, again = deeds(decide(gone, after=5))
    assert (start, drop) == (False, False)
    assert again > 1


@pytest.mark.parametrize(
    "reason", sorted({Reason.PACKAGE_NOT_FOUND, Reason.OUT_OF_MEMORY, Reason.BUILD_TIMEOUT})
)
def test_a_failure_that_needs_a_hand_stalls(reason):
    made = decide(
        seen(status=samples.BUILDING, job=job(workloads.failed()), outcome=failed(reason))
    )
    assert facts(made) == [("False", reason), ("True", reason)]
    assert verdict.is_stalled(made.status)
    assert made.status.failure.reason == reason
    assert made.status.failure.message == "why"
    assert made.status.failure.log_tail == "tail"
    assert made.status.failure.command == (
        f"kubectl logs -n {samples.BUILDS} -l falapp.dev/environment="
        f"{samples.environment()['metadata']['name']} -c resolve --tail=-1"
    )
    assert deeds(made) == (False, False, None)


@pytest.mark.parametrize("again", [False, True])
def test_a_build_that_will_never_start_gives_its_place_back(again):
    """The kubelet would go on pulling until the Job's deadline."""
    observed = seen(
        job=job(), outcome=failed(Reason.BASE_IMAGE_PULL_FAILED, stuck=True), retry=again
    )
    made = decide(observed)
    assert (made.drop, made.end) == (again, not again), "not before all are told"
    assert verdict.is_stalled(made.status) != again
    if not again:
        assert made.status.failure.command == "", "its pod is gone"


@pytest.mark.parametrize(
    ("job", "outcome"),
    [(None, None), (job(workloads.failed()), failed())],
    ids=["the Job is gone", "the Job is there"],
)
def test_who_asks_for_another_try_gets_one(job, outcome):
    asked = {"job": job, "outcome": outcome, "status": samples.NOT_FOUND | {"attempts": 7}}
    assert not decide(seen(**asked)).start
    made = decide(seen(**asked, retry=True))
    assert facts(made) == [("False", "Building"), ("False", "Progressing")]
    assert (made.drop, made.start) == ((True, False) if job else (False, True))
    assert made.status.attempts == (0 if job else 1)
    assert made.status.failure is None


def test_the_command_names_no_step_where_none_is_known():
    made = decide(seen(job=job(workloads.failed()), outcome=failed(container="")))
    assert " -c " not in made.status.failure.command


PAUSES = [(0, 30), (1, 30), (2, 60), (4, 240), (5, 480), (6, 600), (1000, 600)]


@pytest.mark.parametrize(
    ("reason", "attempts", "pause"),
    [
        (reason, attempts, pause)
        for reason in sorted(TRANSIENT)
        for attempts, pause in PAUSES
        if attempts < 5 or reason not in LIMITED
    ],
)
def test_a_transient_failure_waits_and_is_built_again(reason, attempts, pause):
    observed = seen(
        status=samples.BUILDING | {"attempts": attempts},
        job=job(workloads.failed(since=0)),
        outcome=failed(reason),
    )
    early = decide(observed, after=pause - 10)
    assert facts(early) == [("False", reason), ("False", "Progressing")]
    assert early.status.failure.reason == reason
    assert f"attempt {attempts}" in early.status.failure.message
    assert deeds(early) == (False, False, 10)
    assert decide(observed, after=pause - 0.2).again == 1.0
    late = decide(observed, after=pause)
    assert facts(late) == [("False", "Building"), ("False", "Progressing")]
    assert late.status.attempts == attempts
    assert deeds(late) == (False, True, 1)


@pytest.mark.parametrize(
    ("told", "attempts"), [("3", 3), ("1", 2), ("", 2), ("many", 2)], ids=lambda v: f"{v}"
)
@pytest.mark.parametrize("outcome", [RUNNING, failed()], ids=["running", "failed"])
def test_a_job_counts_though_its_maker_ended_before_the_status_said_so(told, attempts, outcome):
    made = job()
    made["metadata"]["annotations"][meta.ANNOTATION_ATTEMPT] = told
    observed = seen(status=samples.BUILDING | {"attempts": 2}, job=made, outcome=outcome)
    assert decide(observed).status.attempts == attempts


@pytest.mark.parametrize("outcome", [failed(), failed(Reason.INDEX_UNREACHABLE)])
def test_a_failure_from_before_the_environment_does_not_count(outcome):
    observed = seen(job=job(workloads.failed(), created=1), outcome=outcome, created=2)
    made = decide(observed)
    assert facts(made)[0] == ("False", "Building")
    assert deeds(made) == (False, True, 1)


def test_a_build_made_in_the_same_second_counts():
    observed = seen(job=job(workloads.failed(), created=2), outcome=failed(), created=2)
    assert verdict.is_stalled(decide(observed).status)


def test_an_unreachable_registry_changes_nothing_else():
    before = EnvironmentBuildStatus.model_validate(samples.RETRIED)
    after = verdict.unreachable(before, "no answer")
    assert [(c.status, c.reason) for c in after.conditions] == [
        ("False", "RegistryUnreachable"),
        ("False", "Progressing"),
    ]
    assert (after.attempts, after.failure) == (before.attempts, before.failure)


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        (samples.BUILT, True),
        (samples.BUILT | {"image": ""}, False),
        (samples.BUILT | {"conditions": []}, False),
        (samples.BUILDING, False),
        ({}, False),
    ],
)
def test_ready_means_condition_and_image(status, ready):
    assert verdict.is_ready(EnvironmentBuildStatus.model_validate(status)) == ready

"""`builds.decide`: what others' builds do not change, and what is not tried for ever."""

import pytest

from falapp_operator.api.conditions import Reason
from falapp_operator.api.environment import EnvironmentBuildStatus
from falapp_operator.environment.outcome import LIMITED
from falapp_operator.reconcile import builds
from tests.unit import samples, workloads
from tests.unit.reconcile.test_builds import (
    IMAGE,
    RUNNING,
    SUCCEEDED,
    decide,
    deeds,
    facts,
    failed,
    job,
    seen,
)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (None, RUNNING),
        (workloads.complete(), SUCCEEDED),
        (workloads.failed(), failed(Reason.OUT_OF_MEMORY)),
        (workloads.failed(), failed(Reason.INDEX_UNREACHABLE)),
    ],
)
def test_who_waits_for_a_person_is_not_moved_by_a_neighbours_build(status, outcome):
    """Only the image moves it, or a person."""
    observed = {"job": job(status), "outcome": outcome, "status": samples.NOT_FOUND}
    made = decide(seen(**observed), after=3600)
    assert made.status == EnvironmentBuildStatus.model_validate(samples.NOT_FOUND)
    assert (*deeds(made), made.end) == (False, False, None, False)
    assert facts(decide(seen(**observed, image=IMAGE)))[0] == ("True", "Built")
    assert facts(decide(seen(**observed, retry=True), after=3600))[1] == ("False", "Progressing")


@pytest.mark.parametrize("status", [samples.BUILDING, samples.NOT_FOUND])
def test_a_job_of_another_key_is_not_ours(status):
    """Whoever finds two keys of one name has no say in what becomes of the other."""
    made = decide(seen(job=job(), status=status))
    if status is samples.NOT_FOUND:
        assert made.status == EnvironmentBuildStatus.model_validate(status)
        return
    assert facts(made) == [("False", "NameTaken"), ("False", "Progressing")]
    assert "falapp.dev/key is another" in made.status.conditions[0].message
    assert deeds(made) == (False, False, 60)
    ended = decide(seen(job=job(workloads.failed()), status=status))
    assert deeds(ended) == (False, True, 1)
    assert facts(decide(seen(job=job(), image=IMAGE)))[0] == ("True", "FoundInRegistry")


def test_a_job_without_a_key_is_of_no_key():
    bare = job()
    del bare["metadata"]["annotations"]
    assert not builds.is_of_key(bare, "a" * 64)
    assert builds.is_of_key(workloads.job("env-x", key="a" * 64), "a" * 64)


@pytest.mark.parametrize("reason", sorted(LIMITED))
@pytest.mark.parametrize("attempts", [5, 6])
def test_what_rebuilds_everything_is_not_tried_for_ever(reason, attempts):
    observed = {"job": job(workloads.failed()), "outcome": failed(reason)}
    status = samples.BUILDING | {"attempts": attempts}
    made = decide(seen(**observed, status=status), after=7200)
    assert facts(made) == [("False", reason), ("True", reason)]
    assert made.status.failure.message == (
        f"why; attempt {attempts}, not tried again by itself: when the cause is gone, give the"
        " annotation falapp.dev/retry a new value"
    )
    assert deeds(made) == (False, False, None)
    retried = decide(seen(**observed, status=made.status.to_object(), retry=True))
    assert deeds(retried) == (False, True, 1)
    assert retried.status.attempts == 0, "it gets as many attempts again"

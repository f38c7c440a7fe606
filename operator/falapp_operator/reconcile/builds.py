"""Deciding about a build: from what is observed to the status and the next step. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from falapp_operator.api import meta
from falapp_operator.api.environment import EnvironmentBuildStatus
from falapp_operator.api.objects import Object, annotation
from falapp_operator.cluster.registry import Image
from falapp_operator.environment.outcome import LIMITED, TRANSIENT, Outcome, Phase
from falapp_operator.reconcile import turns, verdict

_FIRST_RETRY = timedelta(seconds=30)
_LONGEST_RETRY = timedelta(minutes=10)
_MOST_ATTEMPTS = 5
"""How often is built what fails for one of the `LIMITED` reasons."""
_FOREIGN_PAUSE = 60.0


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What is known of an Environment at one moment."""

    environment: Object
    status: EnvironmentBuildStatus
    job: Object | None
    outcome: Outcome | None
    """How the Job fares; None where there is no Job of this key."""
    image: Image | None
    """What the registry has under the Environment's tag, where it was asked."""
    builds_namespace: str
    retry: bool = False
    """Whether a person asks for another try of what failed."""

    @property
    def waits_for_a_person(self) -> bool:
        """Whether no build is to be started, and no other's Job changes that."""
        return waits_for_a_person(self.status) and not self.retry

    @property
    def is_running(self) -> bool:
        """Whether the Job is at work."""
        return self.outcome is not None and self.outcome.phase is Phase.RUNNING


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do about an Environment."""

    status: EnvironmentBuildStatus
    start: bool = False
    """Start a build Job."""
    drop: bool = False
    """Delete the build Job that is there."""
    end: bool = False
    """Delete the build Job as soon as all that share it have been told why."""
    again: float | None = None
    """Seconds after which to look again."""


def decide(seen: Observed, now: datetime) -> Decision:
    """Return what to do."""
    seen = _counted(seen)
    if seen.image:
        return Decision(status=_ready(seen, seen.image))
    if seen.waits_for_a_person:
        # Another namespace's Job of the same name may be there: it was not started for this one.
        return Decision(status=seen.status, end=seen.outcome is not None and seen.outcome.stuck)
    if seen.job is None or seen.outcome is None:
        return _foreign(seen, seen.job) if seen.job else _without_job(seen)
    if seen.is_running:
        return Decision(status=verdict.building(seen.status, seen.outcome.message))
    if seen.outcome.phase is Phase.SUCCEEDED:
        # Built, pushed, and the registry does not have it: it was deleted there since.
        return _vanished(seen, seen.job, now)
    return _failed(seen, seen.job, seen.outcome, now)


def _counted(seen: Observed) -> Observed:
    """Return what is observed with the Job's own attempt counted in the status."""
    if seen.job is None or seen.outcome is None or is_of_another(seen.environment, seen.job):
        return seen
    told = annotation(seen.job, meta.ANNOTATION_ATTEMPT)
    attempts = max(seen.status.attempts, int(told) if told.isdecimal() else 0)
    return replace(seen, status=seen.status.model_copy(update={"attempts": attempts}))


def _ready(seen: Observed, image: Image) -> EnvironmentBuildStatus:
    if seen.job is None or seen.outcome is None or is_of_another(seen.environment, seen.job):
        return verdict.found(seen.status, image)
    return verdict.built(seen.status, image, seen.outcome)


def _without_job(seen: Observed) -> Decision:
    # A first attempt after a person stepped in; the pauses begin anew, too.
    attempts = 1 if seen.retry else seen.status.attempts + 1
    status = verdict.building(seen.status, "starting the build")
    return Decision(status=status.model_copy(update={"attempts": attempts}), start=True)


def _foreign(seen: Observed, job: Object) -> Decision:
    """Wait for a Job of the same name and another key; nothing that it does is ours."""
    if turns.is_over(job):
        return _again(verdict.building(seen.status, "starting the build"))
    status = verdict.name_taken(seen.status, job["metadata"]["name"], seen.builds_namespace)
    return Decision(status=status, again=_FOREIGN_PAUSE)


def waits_for_a_person(status: EnvironmentBuildStatus) -> bool:
    """Return whether nothing that the operator could look at again will help."""
    looked_after = verdict.lacks_secret(status) or verdict.waits_for_base(status)
    return verdict.is_stalled(status) and not looked_after


def _vanished(seen: Observed, job: Object, now: datetime) -> Decision:
    status = verdict.building(seen.status, "the image is not in the registry; building again")
    wait = (_retry_at(job, seen.status.attempts) - now).total_seconds()
    return Decision(status=status, again=wait) if wait > 0 else _again(status)


def _again(status: EnvironmentBuildStatus) -> Decision:
    return Decision(status=status, drop=True, again=1)


def _failed(seen: Observed, job: Object, outcome: Outcome, now: datetime) -> Decision:
    if is_of_another(seen.environment, job):
        return _again(verdict.building(seen.status, "starting the build"))
    if seen.retry:
        fresh = seen.status.model_copy(update={"attempts": 0})
        return _again(verdict.building(fresh, "building again, as the annotation asks"))
    tired = outcome.reason in LIMITED and seen.status.attempts >= _MOST_ATTEMPTS
    stalled = tired or outcome.reason not in TRANSIENT
    status = verdict.failed(seen.status, outcome, command=_logs(seen, outcome), stalled=stalled)
    if stalled:
        return Decision(status=status, end=outcome.stuck)
    wait = _retry_at(job, seen.status.attempts) - now
    if wait <= timedelta(0):
        return _again(verdict.building(seen.status, "building again"))
    return Decision(status=status, again=max(1.0, wait.total_seconds()))


def _logs(seen: Observed, outcome: Outcome) -> str:
    if outcome.stuck:
        return ""  # its pod goes, and never had a log
    name, namespace = seen.environment["metadata"]["name"], seen.builds_namespace
    step = f" -c {outcome.container}" if outcome.container else ""
    return f"kubectl logs -n {namespace} -l {meta.LABEL_ENVIRONMENT}={name}{step} --tail=-1"


def is_of_key(job: Object, key: str) -> bool:
    """Return whether a Job builds what has ``key``: two keys may have one name."""
    return annotation(job, meta.ANNOTATION_KEY) == key


def is_of_another(environment: Object, job: Object) -> bool:
    """Return whether the Job is older than the Environment: a deleted one's, or a neighbour's."""
    created = environment["metadata"]["creationTimestamp"]
    return bool(job["metadata"]["creationTimestamp"] < created)


def _retry_at(job: Object, attempts: int) -> datetime:
    conditions = job.get("status", {}).get("conditions", ())
    ended: str = max(
        (c["lastTransitionTime"] for c in conditions if c["status"] == "True"),
        default=job["metadata"]["creationTimestamp"],
    )
    pause: timedelta = min(_LONGEST_RETRY, _FIRST_RETRY * 2 ** min(max(attempts - 1, 0), 16))
    return datetime.fromisoformat(ended) + pause

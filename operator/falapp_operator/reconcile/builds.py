"""Deciding about an Environment: from what is observed to its status and the next step. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from falapp_operator.api import conditions, meta
from falapp_operator.api.conditions import Condition, ConditionType, Reason
from falapp_operator.api.environment import EnvironmentBuildStatus
from falapp_operator.api.failure import Failure
from falapp_operator.api.objects import Object
from falapp_operator.cluster.registry import Image
from falapp_operator.environment.outcome import TRANSIENT, Outcome, Phase

_FIRST_RETRY = timedelta(seconds=30)
_LONGEST_RETRY = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What is known of an Environment at one moment."""

    environment: Object
    status: EnvironmentBuildStatus
    job: Object | None
    outcome: Outcome | None
    """How the Job fares; None where there is no Job."""
    image: Image | None
    """What the registry has under the Environment's tag, where it was asked."""
    builds_namespace: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do about an Environment."""

    status: EnvironmentBuildStatus
    start: bool = False
    """Start a build Job."""
    drop: bool = False
    """Delete the build Job that is there."""
    again: float | None = None
    """Seconds after which to look again."""


def is_ready(status: EnvironmentBuildStatus) -> bool:
    """Return whether the Environment has its image."""
    return bool(status.image) and _is(status, ConditionType.READY)


def is_stalled(status: EnvironmentBuildStatus) -> bool:
    """Return whether the Environment waits for a person."""
    return _is(status, ConditionType.STALLED)


def _is(status: EnvironmentBuildStatus, type_: ConditionType) -> bool:
    return any(c.type == type_ and c.status == "True" for c in status.conditions)


def decide(seen: Observed, now: datetime) -> Decision:
    """Return what to do."""
    if seen.image:
        return _found(seen, seen.image)
    if seen.job is None or seen.outcome is None:
        if is_stalled(seen.status):
            return Decision(status=seen.status)
        return _start(seen)
    if seen.outcome.phase is Phase.RUNNING:
        return Decision(status=_building(seen, seen.outcome.message))
    if seen.outcome.phase is Phase.SUCCEEDED:
        # Built, pushed, and the registry does not have it: it was deleted there since.
        return _vanished(seen, seen.job, now)
    return _failed(seen, seen.job, seen.outcome, now)


def _found(seen: Observed, image: Image) -> Decision:
    built = seen.job is not None and not is_of_another(seen.environment, seen.job)
    took = _seconds(seen.job) if built else 0
    packages = _count(image.packages)
    if built:
        ready = _ready(True, Reason.BUILT, f"{packages}; built in {took} s")
    else:
        ready = _ready(True, Reason.FOUND_IN_REGISTRY, f"{packages}; nothing had to be built")
    status = EnvironmentBuildStatus(
        conditions=(ready, _stalled(False)),
        image=image.reference,
        packages=image.packages,
        build_seconds=took,
    )
    return Decision(status=status)


def _start(seen: Observed) -> Decision:
    attempts = seen.status.attempts + 1
    status = _building(seen, "starting the build").model_copy(update={"attempts": attempts})
    return Decision(status=status, start=True)


def _vanished(seen: Observed, job: Object, now: datetime) -> Decision:
    status = _building(seen, "the image is not in the registry; building again")
    wait = (_retry_at(job, seen.status.attempts) - now).total_seconds()
    return Decision(status=status, again=wait) if wait > 0 else _again(status)


def _again(status: EnvironmentBuildStatus) -> Decision:
    return Decision(status=status, drop=True, again=1)


def _building(seen: Observed, message: str) -> EnvironmentBuildStatus:
    return EnvironmentBuildStatus(
        conditions=(_ready(False, Reason.BUILDING, message), _stalled(False)),
        attempts=seen.status.attempts,
    )


def _failed(seen: Observed, job: Object, outcome: Outcome, now: datetime) -> Decision:
    if is_of_another(seen.environment, job):
        return _again(_building(seen, "starting the build"))
    if outcome.reason not in TRANSIENT:
        return Decision(status=_broken(seen, outcome, outcome.message, _stalled(True, outcome)))
    wait = _retry_at(job, seen.status.attempts) - now
    if wait <= timedelta(0):
        return _again(_building(seen, "building again"))
    attempts = seen.status.attempts
    message = f"{outcome.message}; attempt {attempts}, tried again by itself"
    status = _broken(seen, outcome, message, _stalled(False))
    return Decision(status=status, again=max(1.0, wait.total_seconds()))


def _broken(
    seen: Observed, outcome: Outcome, message: str, stalled: Condition
) -> EnvironmentBuildStatus:
    name, namespace = seen.environment["metadata"]["name"], seen.builds_namespace
    step = f" -c {outcome.container}" if outcome.container else ""
    return EnvironmentBuildStatus(
        conditions=(_ready(False, outcome.reason, message), stalled),
        attempts=seen.status.attempts,
        failure=Failure(
            reason=outcome.reason,
            message=message,
            log_tail=outcome.log_tail,
            command=f"kubectl logs -n {namespace} -l {meta.LABEL_ENVIRONMENT}={name}{step}"
            " --tail=-1",
        ),
    )


def is_of_another(environment: Object, job: Object) -> bool:
    """Return whether the Job is older than the Environment: a deleted one's, or a neighbour's."""
    created = environment["metadata"]["creationTimestamp"]
    return bool(job["metadata"]["creationTimestamp"] < created)


def _retry_at(job: Object, attempts: int) -> datetime:
    ended: str = max(
        c["lastTransitionTime"] for c in job["status"]["conditions"] if c["status"] == "True"
    )
    pause: timedelta = min(_LONGEST_RETRY, _FIRST_RETRY * 2 ** min(max(attempts - 1, 0), 16))
    return datetime.fromisoformat(ended) + pause


def _seconds(job: Object | None) -> int:
    status = (job or {}).get("status", {})
    if "startTime" not in status or "completionTime" not in status:
        return 0
    start, end = (datetime.fromisoformat(status[k]) for k in ("startTime", "completionTime"))
    return int((end - start).total_seconds())


def _count(packages: int) -> str:
    return "1 package" if packages == 1 else f"{packages} packages"


def _ready(status: bool, reason: str, message: str) -> Condition:
    return conditions.condition(ConditionType.READY, status, reason, message)


def _stalled(status: bool, outcome: Outcome | None = None) -> Condition:
    reason = outcome.reason if outcome else Reason.PROGRESSING
    message = outcome.message if outcome else ""
    return conditions.condition(ConditionType.STALLED, status, reason, message)


def unreachable(seen: EnvironmentBuildStatus, message: str) -> EnvironmentBuildStatus:
    """Return the status of an Environment about which the registry could not be asked."""
    return seen.model_copy(
        update={
            "conditions": (
                _ready(False, Reason.REGISTRY_UNREACHABLE, message),
                _stalled(False),
            )
        }
    )


def misnamed(name: str) -> EnvironmentBuildStatus:
    """Return the status of an Environment that is not called by its key.

    A build, and with it the image, is found by the name alone: one that anybody could choose would
    let them bring their own packages under another tenant's name.
    """
    message = (
        f"metadata.name: an Environment's name is made from its spec, and this one's is {name};"
        " create it under that name"
    )
    return EnvironmentBuildStatus(
        conditions=(
            _ready(False, Reason.INVALID_SPEC, message),
            conditions.condition(ConditionType.STALLED, True, Reason.INVALID_SPEC, message),
        ),
        failure=Failure(reason=Reason.INVALID_SPEC, message=message),
    )


def refused(seen: EnvironmentBuildStatus, detail: str) -> EnvironmentBuildStatus:
    """Return the status of an Environment whose build the API server does not accept."""
    message = f"the cluster refuses the build: {detail}; tried again with growing pauses"
    return seen.model_copy(
        update={
            "conditions": (_ready(False, Reason.REFUSED, message), _stalled(False)),
            "failure": Failure(reason=Reason.REFUSED, message=message),
        }
    )

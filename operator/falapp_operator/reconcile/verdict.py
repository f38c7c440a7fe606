"""What an Environment's status tells, at each stage of its life. Pure."""

from typing import Any

from falapp_operator.api import conditions, meta
from falapp_operator.api.conditions import Condition, ConditionType, Reason
from falapp_operator.api.environment import EnvironmentBuildStatus
from falapp_operator.api.failure import Failure
from falapp_operator.cluster.registry import Image
from falapp_operator.environment.outcome import TRANSIENT, Outcome
from falapp_operator.errors import UserError


def is_ready(status: EnvironmentBuildStatus) -> bool:
    """Return whether the Environment has its image."""
    return bool(status.image) and _true(status, ConditionType.READY) is not None


def is_stalled(status: EnvironmentBuildStatus) -> bool:
    """Return whether the Environment waits for a person."""
    return _true(status, ConditionType.STALLED) is not None


def is_queued(status: EnvironmentBuildStatus) -> bool:
    """Return whether the Environment waits for other builds to end."""
    ready = conditions.find(status.conditions, ConditionType.READY)
    return ready is not None and ready.reason == Reason.BUILD_QUEUED


def lacks_secret(status: EnvironmentBuildStatus) -> bool:
    """Return whether the Environment waits for a Secret, which nobody tells us of."""
    stalled = _true(status, ConditionType.STALLED)
    return stalled is not None and stalled.reason == Reason.SECRET_NOT_FOUND


def waits_for_base(status: EnvironmentBuildStatus) -> bool:
    """Return whether the Environment waits for another one, whose changes it is told of."""
    return bool(status.waits_for)


def since(status: EnvironmentBuildStatus, type_: ConditionType) -> str:
    """Return since when a condition is True; an empty text where it is not."""
    found = _true(status, type_)
    return found.last_transition_time if found else ""


def _true(status: EnvironmentBuildStatus, type_: ConditionType) -> Condition | None:
    found = conditions.find(status.conditions, type_)
    return found if found and found.status == "True" else None


def found(was: EnvironmentBuildStatus, image: Image) -> EnvironmentBuildStatus:
    """Return the status where the registry had the image."""
    message = f"{_count(image.packages)}; nothing had to be built"
    return _ready(was, Reason.FOUND_IN_REGISTRY, message, image)


def built(was: EnvironmentBuildStatus, image: Image, build: Outcome) -> EnvironmentBuildStatus:
    """Return the status where the build made the image."""
    result, took = build.result, build.seconds
    reused, made = number(result, "layersReused"), number(result, "layersBuilt")
    layers = f"{made} of {reused + made} layers " if reused + made else ""
    how = f"built in {took} s" if took else "built"
    status = _ready(was, Reason.BUILT, f"{_count(image.packages)}; {layers}{how}", image)
    more = {
        "layers_reused": reused,
        "layers_built": made,
        "bytes": number(result, "bytes"),
        "build_seconds": took,
    }
    return status.model_copy(update=more)


def _ready(
    was: EnvironmentBuildStatus, reason: Reason, message: str, image: Image
) -> EnvironmentBuildStatus:
    return EnvironmentBuildStatus(
        conditions=(
            conditions.condition(ConditionType.READY, True, reason, message),
            conditions.condition(ConditionType.STALLED, False, Reason.PROGRESSING),
        ),
        image=image.reference,
        packages=image.packages,
        size=image.size,
        retried=was.retried,
    )


def building(was: EnvironmentBuildStatus, message: str) -> EnvironmentBuildStatus:
    """Return the status while a build runs, or is about to."""
    return unready(was, Reason.BUILDING, message)


def waiting(
    was: EnvironmentBuildStatus, name: str, base: EnvironmentBuildStatus
) -> EnvironmentBuildStatus:
    """Return the status while the Environment ``name`` makes the image underneath, or fails to."""
    ready = conditions.find(base.conditions, ConditionType.READY)
    message = ready.message if ready else "starting"
    if ready and base.failure:
        made = unready(was, ready.reason, message, stalled=is_stalled(base), failure=base.failure)
    else:
        made = building(was, f"building the image of its Dockerfile, {name}: {message}")
    return made.model_copy(update={"waits_for": name})


def queued(was: EnvironmentBuildStatus, limit: int, ahead: int | None) -> EnvironmentBuildStatus:
    """Return the status while as many builds run as may, and ``ahead`` come before this one.

    Without a number there are many, and the message stays the same until there are fewer.
    """
    few = {None: "many are before it", 0: "this one is next", 1: "1 is before it"}
    before = few.get(ahead, f"{ahead} are before it")
    message = (
        f"waiting for a build to end: at most {limit} run at once (builds.maxConcurrent of the"
        f" operator's chart), and {before}"
    )
    return unready(was, Reason.BUILD_QUEUED, message)


def blocked(was: EnvironmentBuildStatus, error: UserError) -> EnvironmentBuildStatus:
    """Return the status where no build can start: for want of a Secret, or of a usable spec."""
    failure = Failure(reason=error.reason, message=error.message)
    return unready(was, error.reason, error.message, stalled=True, failure=failure)


def name_taken(was: EnvironmentBuildStatus, name: str, namespace: str) -> EnvironmentBuildStatus:
    """Return the status while a Job of the build's name is one of another key."""
    message = (
        f"a Job {name} runs in namespace {namespace} that does not build this Environment: its"
        f" annotation {meta.ANNOTATION_KEY} is another; the build starts when it has ended"
    )
    return unready(was, Reason.NAME_TAKEN, message)


def unreachable(was: EnvironmentBuildStatus, message: str) -> EnvironmentBuildStatus:
    """Return the status where the registry could not be asked."""
    return unready(was, Reason.REGISTRY_UNREACHABLE, message, failure=was.failure)


def refused(was: EnvironmentBuildStatus, detail: str) -> EnvironmentBuildStatus:
    """Return the status where the API server does not accept the build."""
    message = f"the cluster refuses the build: {detail}; tried again with growing pauses"
    failure = Failure(reason=Reason.REFUSED, message=message)
    return unready(was, Reason.REFUSED, message, failure=failure)


def failed(
    was: EnvironmentBuildStatus, outcome: Outcome, *, command: str, stalled: bool
) -> EnvironmentBuildStatus:
    """Return the status of a build that failed; one that is not stalled is tried again."""
    message = outcome.message
    if not stalled:
        message = f"{message}; attempt {was.attempts}, tried again by itself"
    elif outcome.reason in TRANSIENT:
        message = (
            f"{message}; attempt {was.attempts}, not tried again by itself: when the cause is gone,"
            f" give the annotation {meta.ANNOTATION_RETRY} a new value"
        )
    failure = Failure(
        reason=outcome.reason, message=message, log_tail=outcome.log_tail, command=command
    )
    return unready(was, outcome.reason, message, stalled=stalled, failure=failure)


def unready(
    was: EnvironmentBuildStatus,
    reason: str,
    message: str,
    *,
    stalled: bool = False,
    failure: Failure | None = None,
) -> EnvironmentBuildStatus:
    """Return the status of an Environment without an image, which keeps the count of its builds."""
    waits = (True, reason, message) if stalled else (False, Reason.PROGRESSING, "")
    return EnvironmentBuildStatus(
        conditions=(
            conditions.condition(ConditionType.READY, False, reason, message),
            conditions.condition(ConditionType.STALLED, *waits),
        ),
        attempts=was.attempts,
        retried=was.retried,
        failure=failure,
    )


def number(result: dict[str, Any], key: str) -> int:
    """Return a count that a build reported; 0 where it reported none."""
    value = result.get(key)
    return value if isinstance(value, int) and value >= 0 else 0


def _count(packages: int) -> str:
    return "1 package" if packages == 1 else f"{packages} packages"

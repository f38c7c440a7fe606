"""The status of a FalApp, computed once from the snapshot and the plan. Pure."""

from collections.abc import Iterable
from typing import TypeVar

from pydantic import ValidationError

from falapp_operator.api import conditions, meta, model
from falapp_operator.api.conditions import Condition, ConditionType, Reason
from falapp_operator.api.environment import EnvironmentBuildStatus
from falapp_operator.api.failure import Failure
from falapp_operator.api.falapp import EnvironmentStatus, FalAppStatus
from falapp_operator.api.objects import Object
from falapp_operator.api.source import SourceStatus
from falapp_operator.api.withdrawn import Withdrawn, withdrawn_of
from falapp_operator.errors import UserError
from falapp_operator.reconcile import notices, setups, verdict, withdrawals
from falapp_operator.reconcile.plan import Plan
from falapp_operator.reconcile.snapshot import Snapshot
from falapp_operator.runner import network, outcome, pod
from falapp_operator.runner.ended import Trouble
from falapp_operator.runner.outcome import Runners

_Part = TypeVar("_Part", bound=model.Model)
"""How many requirements with credentials are named."""


def status(seen: Snapshot, plan: Plan) -> FalAppStatus:
    """Return the app's status, without times: `conditions.merged` adds them."""
    environment = seen.environment_status
    failure = _failure(seen, plan, environment)
    ready = _ready(seen, plan, environment, failure)
    name = seen.app["metadata"]["name"]
    named = None
    if plan.environment and (seen.environment or not seen.spec.suspend):
        named = EnvironmentStatus(name=plan.environment, image=environment.image)
    return FalAppStatus(
        conditions=(
            ready,
            _environment_ready(plan, environment),
            setups.complete(seen, plan),
            _stalled(plan, environment, failure, ready.message),
            *notices.of(seen, plan),
        ),
        source=_source(seen),
        environment=named,
        replicas=plan.runners.total,
        ready_replicas=plan.runners.ready,
        selector=meta.app_selector(name),
        url=network.url(seen.app),
        failure=failure,
        retried=_retried(seen, plan),
        latest_ready_revision=_latest_ready(seen, plan) or None,
        withdrawn=_withdrawn(seen, plan),
    )


def _source(seen: Snapshot) -> SourceStatus | None:
    git = seen.spec.source.git
    if git is None:
        return None
    if isinstance(seen.commit, str):
        return SourceStatus(url=git.url, ref=git.ref or "", commit=seen.commit)
    return _before(seen.app, "source", SourceStatus)


def _before(app: Object, name: str, kind: type[_Part]) -> _Part | None:
    """Return a part of the status that an app has; None where it cannot be read, either."""
    try:
        return kind.model_validate(app.get("status", {}).get(name))
    except ValidationError:
        return None


def invalid(app: Object, error: UserError, pods: Iterable[Object]) -> FalAppStatus:
    """Return the status of an app whose spec could not even be read; what runs goes on."""
    before, runners = app.get("status", {}), outcome.runners(pods, "")
    message = f"{error.message}{_former(runners)}"
    return FalAppStatus(
        conditions=(
            conditions.condition(ConditionType.READY, False, error.reason, message),
            # As with any other fault of a spec: what is True of what runs is not of this one.
            conditions.condition(ConditionType.ENVIRONMENT_READY, None, Reason.PENDING),
            setups.none_started(),
            conditions.condition(ConditionType.STALLED, True, error.reason, message),
        ),
        source=_before(app, "source", SourceStatus),
        environment=_before(app, "environment", EnvironmentStatus),
        replicas=runners.total,
        ready_replicas=runners.ready,
        selector=meta.app_selector(app["metadata"]["name"]),
        url=network.url(app),
        failure=Failure(reason=error.reason, message=error.message),
        retried=str(before.get("retried", "")),
        latest_ready_revision=before.get("latestReadyRevision"),
        withdrawn=withdrawn_of(app),
    )


def _failure(seen: Snapshot, plan: Plan, environment: EnvironmentBuildStatus) -> Failure | None:
    if plan.error:
        return Failure(reason=plan.error.reason, message=plan.error.message)
    if seen.spec.suspend:
        return None
    if plan.environment and environment.failure:
        return environment.failure
    if plan.withdrawal:
        return withdrawals.failure(seen.app, plan.withdrawal)
    trouble = plan.runners.trouble
    if trouble and trouble.stalled:
        return _runner_failure(seen, trouble)
    return None


def _runner_failure(seen: Snapshot, trouble: Trouble) -> Failure:
    namespace = seen.app["metadata"]["namespace"]
    shows = (
        f"kubectl logs -n {namespace} {trouble.pod} -c {pod.CONTAINER} --previous"
        if trouble.log_tail
        else f"kubectl describe pod -n {namespace} {trouble.pod}"
    )
    return Failure(
        reason=trouble.reason, message=trouble.message, log_tail=trouble.log_tail, command=shows
    )


def _ready(
    seen: Snapshot, plan: Plan, environment: EnvironmentBuildStatus, failure: Failure | None
) -> Condition:
    type_ = ConditionType.READY
    runners, wanted = plan.runners, seen.spec.runners
    if failure:
        return conditions.condition(type_, False, failure.reason, _told(failure, plan, wanted))
    if seen.spec.suspend:
        return _without_runners(Reason.SUSPENDED, "spec.suspend is true", runners)
    if not plan.environment or not verdict.is_ready(environment):
        message = _message(environment, "the environment has been asked for")
        reason = Reason.ENVIRONMENT_NOT_READY
        return conditions.condition(type_, False, reason, f"{message}{_former(runners)}")
    if wanted == 0:
        return _without_runners(Reason.SCALED_TO_ZERO, "spec.replicas is 0", runners)
    if plan.rolled_out:
        return conditions.condition(
            type_, True, Reason.RUNNERS_READY, f"{wanted} of {wanted} runners are ready"
        )
    reason, what = _unready(seen, runners)
    if trouble := runners.trouble:
        reason, what = trouble.reason, f"{what}; {trouble.message}"
    return conditions.condition(type_, False, reason, f"{what}{_former(runners)}")


def _collected(remains: tuple[Object, ...]) -> str:
    """Return what is waited for while a former FalApp of the name is not wholly gone."""
    left = " and ".join(f"{r['kind']} {r['metadata']['name']!r}" for r in remains)
    return f"waiting until the cluster has removed what a former FalApp of this name left: {left}"


def _unready(seen: Snapshot, runners: Runners) -> tuple[Reason, str]:
    """Return how far runners are that are in no trouble; one that has started does not start."""
    if seen.remains:
        return Reason.STARTING, _collected(seen.remains)
    wanted = seen.spec.runners
    said = f"{runners.current_ready} of {wanted} runners are ready"
    lost = runners.current_started - runners.current_ready
    if lost == 0:
        return Reason.STARTING, said
    all_started = runners.current_ready < wanted <= runners.current_started
    reason = Reason.RUNNER_UNREADY if all_started else Reason.STARTING
    return reason, f"{said}; {lost} had started and {'is' if lost == 1 else 'are'} not ready now"


def _without_runners(reason: Reason, why: str, runners: Runners) -> Condition:
    """Return Ready of an app that asks for no runner: a quiet state, once the last one ends."""
    left = runners.total
    what = f"{left} of them {'is' if left == 1 else 'are'} left" if left else "there is none"
    message = f"{why}: no runner is asked for, and {what}"
    return conditions.condition(ConditionType.READY, left == 0, reason, message)


def _told(failure: Failure, plan: Plan, wanted: int) -> str:
    """Return what failed, and what serves all the same."""
    if plan.withdrawal and not plan.error:
        return f"{failure.message}; {withdrawals.served(plan.former, wanted)}"
    runners = plan.runners
    ready = runners.current_ready
    some = f"; {ready} of {wanted} runners {'is' if ready == 1 else 'are'} ready" if ready else ""
    return f"{failure.message}{some}{_former(runners)}"


def _former(runners: Runners) -> str:
    """Return what is to be said of the former revision's runners."""
    count = runners.former_ready
    if count == 0:
        return ""
    who = "1 runner" if count == 1 else f"{count} runners"
    return f"; {who} of the former revision still serve{'s' if count == 1 else ''}"


def _environment_ready(plan: Plan, environment: EnvironmentBuildStatus) -> Condition:
    type_ = ConditionType.ENVIRONMENT_READY
    found = _condition(environment)
    if not plan.environment or found is None:
        return conditions.condition(type_, None, Reason.PENDING, "")
    return conditions.condition(type_, found.status == "True", found.reason, found.message)


def _stalled(
    plan: Plan, environment: EnvironmentBuildStatus, failure: Failure | None, message: str
) -> Condition:
    retried = bool(plan.environment) and environment.failure and not verdict.is_stalled(environment)
    heals = failure is not None and failure.reason == Reason.SOURCE_UNREACHABLE
    if failure and not retried and not heals:
        return conditions.condition(ConditionType.STALLED, True, failure.reason, message)
    return conditions.condition(ConditionType.STALLED, False, Reason.PROGRESSING, "")


def _withdrawn(seen: Snapshot, plan: Plan) -> Withdrawn | None:
    """Return the revision that is withdrawn; while nobody knows what is asked for, it stays so."""
    found = plan.withdrawal
    if found:
        return Withdrawn(revision=found.revision, reason=found.reason, message=found.message)
    is_over = plan.revision or (seen.tries_again and not plan.error)
    return None if is_over else seen.withdrawn


def _latest_ready(seen: Snapshot, plan: Plan) -> str:
    """Return the revision of which all runners served last.

    An app that was ready before an operator wrote this down is told by its Deployment, before that
    is changed. What became whole without a runner has served nobody.
    """
    before, wanted = seen.latest_ready, plan.revision
    if not before and conditions.served(seen.app):
        return "" if seen.live_revision == wanted else seen.live_revision
    return wanted if plan.rolled_out and seen.spec.runners else before


def _retried(seen: Snapshot, plan: Plan) -> str:
    """Return the wish to try again that was carried out last; an error kept it from being."""
    done = str(seen.app.get("status", {}).get("retried", ""))
    return done if plan.error or seen.spec.suspend else seen.retry or done


def _condition(environment: EnvironmentBuildStatus) -> Condition | None:
    return conditions.find(environment.conditions, ConditionType.READY)


def _message(environment: EnvironmentBuildStatus, otherwise: str) -> str:
    found = _condition(environment)
    return found.message if found and found.message else otherwise

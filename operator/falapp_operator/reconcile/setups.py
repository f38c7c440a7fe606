"""Whether setup() has returned in a FalApp's runners: the condition SetupComplete. Pure."""

from falapp_operator.api import conditions
from falapp_operator.api.conditions import Condition, ConditionType, Reason
from falapp_operator.reconcile.plan import Plan
from falapp_operator.reconcile.snapshot import Snapshot
from falapp_operator.runner.ended import BEFORE_READY


def complete(seen: Snapshot, plan: Plan) -> Condition:
    """Return SetupComplete; a runner that started and is not ready now keeps it as it is."""
    type_, runners = ConditionType.SETUP_COMPLETE, plan.runners
    trouble = plan.withdrawal or runners.trouble
    if trouble and trouble.reason in BEFORE_READY:
        return conditions.condition(type_, False, trouble.reason, trouble.message)
    if plan.withdrawal:
        why = "none is kept of this revision"
        return conditions.condition(type_, None, Reason.NO_RUNNERS, why)
    if runners.current == 0:
        return none_started()
    returned = f"setup() has returned in {runners.current_started} of {runners.current} runners"
    if runners.current_started < min(runners.current, max(1, seen.spec.runners)):
        return conditions.condition(type_, False, Reason.SETUP_RUNNING, returned)
    if runners.current_ready:
        returned = f"the slowest runner was ready {runners.slowest_start:.0f} s after its start"
    message = _told(seen, plan) or returned
    return conditions.condition(type_, True, Reason.SETUP_RETURNED, message)


def none_started() -> Condition:
    """Return SetupComplete of a revision without runners, or of one that cannot be told."""
    why = "no runner has been started"
    return conditions.condition(ConditionType.SETUP_COMPLETE, None, Reason.NO_RUNNERS, why)


def _told(seen: Snapshot, plan: Plan) -> str:
    """Return what is told of this revision already; empty where nothing is.

    How long a start took can be seen as long as the runner is ready for the first time.
    """
    if seen.live_revision != plan.revision:
        return ""
    told = conditions.find(conditions.of(seen.app), ConditionType.SETUP_COMPLETE)
    return told.message if told and told.status == "True" else ""

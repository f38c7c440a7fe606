"""Conditions that a FalApp has only where there is something to know. Pure."""

from collections.abc import Iterator

from falapp_operator.api import conditions
from falapp_operator.api.conditions import Condition, ConditionType, Reason
from falapp_operator.environment import manifest
from falapp_operator.errors import UserError
from falapp_operator.reconcile import withdrawals
from falapp_operator.reconcile.plan import Plan
from falapp_operator.reconcile.snapshot import Snapshot

_SHOWN = 3


def of(seen: Snapshot, plan: Plan) -> Iterator[Condition]:
    """Yield CredentialsExposed, SourceStale and Withdrawn, each only where it is true."""
    yield from _exposed(seen)
    yield from _stale(seen)
    yield from _withdrawal(seen, plan)


def _exposed(seen: Snapshot) -> Iterator[Condition]:
    """Warn of credentials that everybody who can read the FalApp sees."""
    try:
        found = manifest.exposed_by(seen.spec)
    except UserError:
        found = ()  # it is not used, and the error says what is wrong with it
    if not found:
        return
    namespace = seen.app["metadata"]["namespace"]
    shown = ", ".join(f"`{item}`" for item in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    message = (
        f"spec.requirements: {shown}{more} can be read with its credentials by everybody who may"
        f" read this FalApp; put them into a Secret (kubectl create secret generic NAME -n"
        f" {namespace} --from-literal=KEY=…), name it in spec.requirementSecrets, and write"
        " ${NAME} in their place"
    )
    yield conditions.condition(
        ConditionType.CREDENTIALS_EXPOSED, True, Reason.LITERAL_CREDENTIALS, message
    )


def _stale(seen: Snapshot) -> Iterator[Condition]:
    """Tell that the runners' commit may not be what the branch or tag is now."""
    if seen.stale is not None:
        message = f"{seen.stale.message}; until then the commit stays {seen.commit}"
        yield conditions.condition(ConditionType.SOURCE_STALE, True, seen.stale.reason, message)


def _withdrawal(seen: Snapshot, plan: Plan) -> Iterator[Condition]:
    """Tell that another revision runs than the one that is asked for."""
    if plan.withdrawal is not None:
        message = withdrawals.message(seen.app, plan.withdrawal)
        yield conditions.condition(ConditionType.WITHDRAWN, True, Reason.ROLLED_BACK, message)

"""One pass over a FalApp: gather (`gathering`), decide (`plan`, `status`), apply."""

import contextlib
from dataclasses import replace

from pydantic import ValidationError

from falapp_operator.api import model
from falapp_operator.api.conditions import Reason
from falapp_operator.api.falapp import FalAppSpec, machine_type_name
from falapp_operator.api.objects import Object, ref
from falapp_operator.errors import ConflictError, ForbiddenError, RefusedError, UserError
from falapp_operator.reconcile import claims, commits
from falapp_operator.reconcile import plan as plans
from falapp_operator.reconcile import status as statuses
from falapp_operator.reconcile.context import (
    ENVIRONMENT,
    FALAPP,
    Context,
    apply_changed,
    key_of,
    own,
    write_status,
)
from falapp_operator.reconcile.gathering import gather, pods_of, with_history
from falapp_operator.reconcile.queue import Key
from falapp_operator.reconcile.snapshot import Snapshot

_LOOK_AGAIN_FOR_CONFIG_MAPS = 10.0
"""Seconds: the operator watches no ConfigMap of its users, so it looks again."""
_LOOK_AGAIN_FOR_REMAINS = 2.0
"""Seconds: nor does it watch Services and budgets, which are about to be collected."""


async def reconcile(context: Context, key: Key) -> float | None:
    """Bring one FalApp nearer to what its spec asks for."""
    app = await context.cluster.get(own(FALAPP, key.namespace, key.name))
    if app is None or "deletionTimestamp" in app["metadata"]:
        # Everything of the app's is owned by it: the garbage collector is at work.
        context.shared.commits.forget(key)
        context.shared.choices.forget(key)
        context.shared.guests.note(key, None)
        context.shared.nodes.waiting.discard(key)
        return None
    try:
        spec = FalAppSpec.model_validate(app["spec"])
    except ValidationError as error:
        pods = await pods_of(context.cluster, app)
        await write_status(context, app, statuses.invalid(app, _unreadable(error), pods))
        return float(context.settings.resync_seconds)
    context.shared.choices.note(key, map(machine_type_name, spec.machines))
    answer = await context.shared.commits.of(context, app, spec.source.git)
    seen = await gather(context.cluster, context.settings, app, spec, answer)
    context.shared.guests.note(key, _host(seen.environment))
    seen = await with_history(context.cluster, await _with_nodes(context, key, seen))
    plan = plans.plan(seen, context.settings)
    try:
        await _apply(context, plan, seen.deployment)
    except RefusedError as error:
        refusal = UserError(Reason.REFUSED, f"the cluster refuses what this needs: {error.detail}")
        await write_status(context, app, statuses.status(seen, replace(plan, error=refusal)))
        raise
    await write_status(context, app, statuses.status(seen, plan))
    _wake(context, seen, plan)
    return _again(seen, plan, float(context.settings.resync_seconds))


def _again(seen: Snapshot, plan: plans.Plan, otherwise: float) -> float:
    """Return the seconds until the app is looked at again, though nothing is heard of it."""
    if plan.withdrawal is not None and plan.withdrawal.is_new:
        return 0.0  # it is written down; now it is to be carried out
    if seen.remains:
        return _LOOK_AGAIN_FOR_REMAINS
    if seen.stale or isinstance(seen.commit, UserError):
        return commits.AGAIN
    waits = plan.error is not None and plan.error.reason == Reason.CONFIG_MAP_NOT_FOUND
    return _LOOK_AGAIN_FOR_CONFIG_MAPS if waits else otherwise


def _wake(context: Context, seen: Snapshot, plan: plans.Plan) -> None:
    """Have the Environment looked at, where no event of its own may lead to that."""
    # The event that it was made may get lost.
    overlooked = seen.environment is not None and not seen.environment_status.conditions
    if plan.environment and (plan.doubted or overlooked):
        environment = Key(ENVIRONMENT, seen.app["metadata"]["namespace"], plan.environment)
        if plan.doubted:
            context.shared.doubts.add(environment)
        context.wake(environment)


async def _with_nodes(context: Context, key: Key, seen: Snapshot) -> Snapshot:
    """Return what was seen with the cluster's nodes, where a runner waits for one."""
    nodes = context.shared.nodes
    nodes.note(key, waits=seen.waits)
    if seen.waits:
        # Without the right to list them the scheduler's own words have to do.
        with contextlib.suppress(ForbiddenError):
            there = await nodes.all(lambda: context.cluster.list("v1", "Node"), context.now())
            return replace(seen, nodes=there)
    return seen


def _host(environment: Object | None) -> Key | None:
    """Return whose guest an app is that uses ``environment``, if it will not own it."""
    return key_of(environment) if environment and claims.is_users(environment) else None


async def _apply(context: Context, plan: plans.Plan, deployment: Object | None) -> None:
    for change in plan.changes:
        if change.live is None and change.desired["kind"] == ENVIRONMENT:
            await _claim(context, change.desired)
        else:
            await apply_changed(context.cluster, change.live, change.desired)
    if plan.scale is not None and deployment is not None:
        version = deployment["metadata"]["resourceVersion"]
        await context.cluster.scale(ref(deployment), plan.scale, version=version)
    for live in plan.deletions:
        metadata = live["metadata"]
        await context.cluster.delete(
            ref(live), uid=metadata["uid"], version=metadata["resourceVersion"]
        )


async def _claim(context: Context, environment: Object) -> None:
    """Make an Environment, unless another app has made it since it was looked for.

    Raises:
        ConflictError: One has. Its owners are to be kept, so it is to be looked at first.
    """
    async with context.shared.claiming:
        if await context.cluster.get(ref(environment)) is not None:
            raise ConflictError(f"Environment {environment['metadata']['name']} was made meanwhile")
        await apply_changed(context.cluster, None, environment)


def _unreadable(error: ValidationError) -> UserError:
    return UserError(
        Reason.INVALID_SPEC,
        f"{model.complaint(error)}; the custom resource definitions may be older or newer than"
        " the operator",
    )

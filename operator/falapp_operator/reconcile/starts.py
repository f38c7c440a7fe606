"""Starting a build, and giving its Job what its pod waits for.

The Job comes first, since everything else is owned by it; its pod starts when all is there. The
request comes last, so it tells that the Secrets have been written: they are never read back.
"""

from pathlib import Path

from falapp_operator.api import meta, objects
from falapp_operator.api.conditions import ConditionType
from falapp_operator.api.objects import Object, Ref
from falapp_operator.environment import job as jobs
from falapp_operator.errors import ConflictError, UserError
from falapp_operator.reconcile import pauses, turns, values, verdict
from falapp_operator.reconcile.builds import Decision, Observed
from falapp_operator.reconcile.context import ENVIRONMENT, Context, apply_changed, key_of


async def start(
    context: Context, build: jobs.Build, seen: Observed, decision: Decision
) -> Decision:
    """Start the build if all that it needs is there and its turn has come.

    Returns:
        ``decision``, or the one to wait.
    """
    try:
        given = await values.read(context, seen.environment, build)
    except UserError as error:
        return _lacking(context, seen, error)
    # Before looking: whoever ends a build from now on wakes this one.
    context.shared.line.join(key_of(seen.environment), turns.arrival(seen.environment))
    async with context.shared.starting:
        ahead = await _ahead(context, seen.environment)
        if ahead is not None:
            limit = context.settings.builds.max_concurrent
            return Decision(
                status=verdict.queued(seen.status, limit, ahead),
                again=float(context.settings.resync_seconds),
            )
        await _certificates(context)
        try:
            job = await context.cluster.create(jobs.job(build, context.settings))
        except ConflictError:
            # Another namespace's Environment of the same name was quicker: its build is ours too.
            return decision
        await _write(context, build, job, given)
    return decision


async def supply(
    context: Context, build: jobs.Build, seen: Observed, job: Object, decision: Decision
) -> Decision:
    """Give a running Job what it lacks: the pass that started it may have ended too early.

    Returns:
        ``decision``, or the one to wait for a Secret; the Job is deleted then.
    """
    if await _is_supplied(context, job):
        return decision
    try:
        given = await values.read(context, seen.environment, build)
    except UserError as error:
        await drop(context, job)
        return _lacking(context, seen, error)
    async with context.shared.starting:
        if not await _is_supplied(context, job):
            await _write(context, build, job, given)
    return decision


async def drop(context: Context, job: Object) -> None:
    """Delete this very Job; its pods, its request and its Secrets go with it."""
    await context.cluster.delete(objects.ref(job), uid=job["metadata"]["uid"])


def _lacking(context: Context, seen: Observed, error: UserError) -> Decision:
    since = verdict.since(seen.status, ConditionType.STALLED)
    longest = float(context.settings.resync_seconds)
    return Decision(
        status=verdict.blocked(seen.status, error),
        again=pauses.growing(since, context.now(), longest),
    )


async def _ahead(context: Context, environment: Object) -> int | None:
    builds, cluster, line = context.settings.builds, context.cluster, context.shared.line
    ours = f"{meta.LABEL_MANAGED_BY}={meta.MANAGED_BY}"
    running = await cluster.list("batch/v1", "Job", builds.namespace, labels=ours)
    others = await cluster.list(meta.API_VERSION, ENVIRONMENT)
    waiting = (e for e in others if not line.has_stumbled(key_of(e)))
    return turns.ahead(environment, waiting, running, builds.max_concurrent)


async def _certificates(context: Context) -> None:
    if bundle := context.settings.custom_ca:
        certificates = Path(bundle).read_text()  # noqa: ASYNC240
        await context.cluster.apply(jobs.custom_ca(certificates, context.settings))


async def _is_supplied(context: Context, job: Object) -> bool:
    """Return whether a Job has its request; a neighbour's, of the same name, is as good."""
    metadata = job["metadata"]
    where = Ref(
        api_version="v1",
        kind="ConfigMap",
        namespace=metadata["namespace"],
        name=metadata["name"],
    )
    live = await context.cluster.get(where)
    return live is not None and metadata["uid"] in objects.owner_uids(live)


async def _write(context: Context, build: jobs.Build, job: Object, given: values.Values) -> None:
    settings, cluster = context.settings, context.cluster
    owner = objects.owner_reference(job, controller=False)
    # Not stamped: a hash of what is easily guessed tells what it is.
    if build.variables:
        await cluster.apply(jobs.secret(build, given.variables, settings, owner))
    if build.pull_secret:
        await cluster.apply(jobs.pull_secret(build, given.docker_config, settings, owner))
    await apply_changed(cluster, None, jobs.request(build, settings, owner))

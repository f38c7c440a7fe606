"""Starting a build, and giving its Job what its pod waits for.

The Job comes first, since everything else is owned by it; its pod starts when all is there. The
request comes last, so it tells that the Secrets have been written: they are never read back.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path

from falapp_operator.api import meta, objects
from falapp_operator.api.conditions import ConditionType
from falapp_operator.api.objects import Object, Ref
from falapp_operator.environment import job as jobs
from falapp_operator.environment import key as keys
from falapp_operator.errors import ConflictError, UserError
from falapp_operator.reconcile import pauses, turns, values, verdict
from falapp_operator.reconcile.builds import Decision, Observed
from falapp_operator.reconcile.context import (
    ENVIRONMENT,
    Context,
    apply_changed,
    job_ref,
    key_of,
)
from falapp_operator.reconcile.queue import Key

_FAR = 10
"""How many times slower than others those are looked at who wait far behind."""


async def start(
    context: Context, build: jobs.Build, seen: Observed, decision: Decision
) -> Decision:
    """Start the build if all that it needs is there and its turn has come.

    Returns:
        ``decision``, or the one to wait.
    """
    key, arrival = key_of(seen.environment), turns.arrival(seen.environment)
    try:
        if verdict.lacks_secret(seen.status):
            # It gets no place in the line until it has what it needs.
            await values.read(context, seen.environment, build)
        # Before looking: whoever ends a build from now on wakes this one.
        context.shared.line.join(key, arrival)
        async with context.shared.starting:
            ahead = await _ahead(context, arrival)
            if ahead is not None:
                context.shared.roll.join(arrival)
                return _queued(context, seen, ahead)
            given = await values.read(context, seen.environment, build)
            return await _start(context, build, decision, given)
    except UserError as error:
        return _lacking(context, seen, error)


async def _start(
    context: Context, build: jobs.Build, decision: Decision, given: values.Values
) -> Decision:
    await _certificates(context)
    if await context.cluster.get(job_ref(context, build.name)) is None:
        await _clear(context, build)
    try:
        job = await context.cluster.create(_job(context, build, decision.status.attempts))
    except ConflictError:
        # Another namespace's Environment of the same name was quicker: its build is ours too.
        return decision
    await _write(context, build, job, given)
    return decision


def _job(context: Context, build: jobs.Build, attempt: int) -> Object:
    made = jobs.job(build, context.settings)
    metadata = made["metadata"]
    told = {
        meta.ANNOTATION_KEY: keys.key(build.spec, build.namespace),
        # In the status, too; but the process may end before it is written there.
        meta.ANNOTATION_ATTEMPT: str(attempt),
    }
    return made | {"metadata": metadata | {"annotations": metadata.get("annotations", {}) | told}}


async def _clear(context: Context, build: jobs.Build) -> None:
    """Delete what a former Job was told, if it is still there.

    The next Job's pod would take it for its own, and not wait until its own is written.
    """
    left = await context.cluster.get(_request_ref(context, build.name))
    if left is not None:
        await context.cluster.delete(objects.ref(left), uid=left["metadata"]["uid"])
    secrets = (build.name if build.variables else "", build.pull_secret)
    namespace = context.settings.builds.namespace
    for name in filter(None, secrets):
        ref = Ref(api_version="v1", kind="Secret", name=name, namespace=namespace)
        await context.cluster.delete(ref)


def _queued(context: Context, seen: Observed, ahead: int) -> Decision:
    """Return the decision to wait; only who is near the front has a place that is told."""
    limit, slow = context.settings.builds.max_concurrent, float(context.settings.resync_seconds)
    if ahead < turns.near(limit):
        return Decision(status=verdict.queued(seen.status, limit, ahead), again=slow)
    # Woken when it comes near.
    return Decision(status=verdict.queued(seen.status, limit, None), again=_FAR * slow)


async def supply(
    context: Context, build: jobs.Build, seen: Observed, job: Object, decision: Decision
) -> Decision:
    """Give a running Job what it lacks: the pass that started it may have ended too early.

    Returns:
        ``decision``, or the one to wait for a Secret; the Job is deleted then.
    """
    if await _is_supplied(context, job):
        return decision
    build = replace(build, base=jobs.base_of(job))
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


async def _ahead(context: Context, mine: turns.Arrival) -> int | None:
    builds, cluster, line = context.settings.builds, context.cluster, context.shared.line
    ours = f"{meta.LABEL_MANAGED_BY}={meta.MANAGED_BY}"
    running = await cluster.list("batch/v1", "Job", builds.namespace, labels=ours)
    everybody = partial(cluster.list, meta.API_VERSION, ENVIRONMENT)
    listed = await context.shared.roll.waiting(everybody, context.now())
    waiting = (a for a in listed if not line.has_stumbled(Key(ENVIRONMENT, a[1], a[2])))
    return turns.ahead(mine, waiting, running, builds.max_concurrent)


async def _certificates(context: Context) -> None:
    if bundle := context.settings.custom_ca:
        certificates = Path(bundle).read_text()  # noqa: ASYNC240
        await context.cluster.apply(jobs.custom_ca(certificates, context.settings))


def _request_ref(context: Context, name: str) -> Ref:
    namespace = context.settings.builds.namespace
    return Ref(api_version="v1", kind="ConfigMap", namespace=namespace, name=name)


async def _is_supplied(context: Context, job: Object) -> bool:
    """Return whether a Job has its request; a neighbour's, of the same name, is as good."""
    metadata = job["metadata"]
    live = await context.cluster.get(_request_ref(context, metadata["name"]))
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

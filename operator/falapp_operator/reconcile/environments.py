"""One pass over an Environment: gather, decide (`builds`), apply."""

from dataclasses import replace

from pydantic import ValidationError

from falapp_operator import errors
from falapp_operator.api import meta
from falapp_operator.api.environment import EnvironmentBuildStatus, EnvironmentSpec, status_of
from falapp_operator.api.objects import Object, annotation
from falapp_operator.cluster.registry import Image
from falapp_operator.environment import job as jobs
from falapp_operator.environment import key as keys
from falapp_operator.environment import manifest
from falapp_operator.environment.outcome import Outcome, Phase, outcome
from falapp_operator.reconcile import bases, builds, identity, starts, turns, upkeep, verdict
from falapp_operator.reconcile.context import (
    BUILD,
    ENVIRONMENT,
    Context,
    job_ref,
    key_of,
    own,
    write_status,
)
from falapp_operator.reconcile.queue import Key


async def reconcile(context: Context, key: Key) -> float | None:
    """Bring one Environment nearer to its image."""
    line, queued, stumbled = context.shared.line, False, True
    try:
        status, pause = await _pass(context, key)
        queued, stumbled = verdict.is_queued(status), False
    finally:
        if not queued:
            context.shared.roll.leave(key.namespace, key.name)
            if line.leave(key, stumbled=stumbled):
                _wake_the_next(context)
    return pause


async def reconcile_build(context: Context, key: Key) -> float | None:
    """Wake the Environments that a build is for; remove the build if there are none."""
    if not keys.is_name(key.name):
        # From a label that anybody may write: no other object of the namespace is removed for it.
        return None
    job = await context.cluster.get(job_ref(context, key.name))
    users = await _called(context, key.name)
    for user in users:
        context.wake(key_of(user))
    if job and not users:
        await starts.drop(context, job)
    if job is None or turns.is_over(job):
        _wake_the_next(context)
    # That its last Environment goes is told by an event, which may get lost.
    return float(context.settings.resync_seconds) if job and users else None


async def reconcile_guests(context: Context, key: Key) -> float | None:
    """Wake those who use the Environment at ``key`` and do not own it."""
    for guest in context.shared.guests.of(Key(ENVIRONMENT, key.namespace, key.name)):
        context.wake(guest)
    return None


async def _called(context: Context, name: str) -> tuple[Object, ...]:
    """Return the Environments of one name, whatever their namespaces."""
    return await context.cluster.list(meta.API_VERSION, ENVIRONMENT, fields=f"metadata.name={name}")


def _wake_the_next(context: Context) -> None:
    for key in context.shared.line.front(context.settings.builds.max_concurrent):
        context.wake(key)


async def _pass(context: Context, key: Key) -> tuple[EnvironmentBuildStatus, float | None]:
    """Return the status that the Environment has now, and when to look again."""
    environment = await context.cluster.get(own(ENVIRONMENT, key.namespace, key.name))
    if environment is None or "deletionTimestamp" in environment["metadata"]:
        context.shared.doubts.forget(key)
        context.shared.guests.note(key, None)
        context.wake(Key(BUILD, "", key.name))
        return EnvironmentBuildStatus(), None
    status = status_of(environment)
    if verdict.is_ready(status):
        return status, await upkeep.keep(context, environment, status)
    spec = EnvironmentSpec.model_validate(environment["spec"])
    if complaint := identity.complaint(key, spec, context.settings):
        made = verdict.blocked(status, complaint)
        await write_status(context, environment, made)
        return made, None
    build = jobs.Build(
        name=key.name,
        namespace=key.namespace,
        spec=spec,
        base=spec.base_image or "",
        custom_ca=bool(context.settings.custom_ca),
        variables=manifest.variables(spec.layers),
    )
    seen = await _gather(context, environment, status, build)
    decision = await _carry_out(context, seen, build)
    await write_status(context, environment, decision.status)
    if decision.end and seen.job:
        await _end(context, seen.environment, seen.job)
    return decision.status, decision.again


async def _end(context: Context, mine: Object, job: Object) -> None:
    """Delete a Job that will never come to an end, when nobody would start it anew.

    An Environment that had not been told by then would find no Job, and take that for its turn.
    """
    others = await _called(context, mine["metadata"]["name"])
    untold = [o for o in others if key_of(o) != key_of(mine) and _is_to_be_told(o, job)]
    for other in untold:
        context.wake(key_of(other))
    if not untold:
        await starts.drop(context, job)


def _is_to_be_told(environment: Object, job: Object) -> bool:
    """Return whether an Environment waits for ``job``, and does not know that it is in vain."""
    metadata, status = environment["metadata"], status_of(environment)
    if "deletionTimestamp" in metadata or verdict.is_ready(status):
        return False
    try:
        spec = EnvironmentSpec.model_validate(environment["spec"])
    except ValidationError:
        return False
    shares = builds.is_of_key(job, keys.key(spec, metadata["namespace"]))
    return shares and not builds.waits_for_a_person(status)


async def _carry_out(context: Context, seen: builds.Observed, build: jobs.Build) -> builds.Decision:
    """Decide, and do it; return the decision with the status that came of it."""
    decision = builds.decide(seen, context.now())
    running = seen.is_running and not seen.waits_for_a_person
    if decision.drop and seen.job:
        await starts.drop(context, seen.job)
    try:
        if decision.start:
            decision = await _start(context, build, seen, decision)
        elif seen.job and running:
            decision = await starts.supply(context, build, seen, seen.job, decision)
    except errors.RefusedError as error:
        refused = verdict.refused(seen.status, error.detail)
        await write_status(context, seen.environment, refused)
        raise
    if decision.again is None and (decision.start or running):
        # Events of the Job move a build on; the slow timer is for one that got lost.
        return replace(decision, again=float(context.settings.resync_seconds))
    if verdict.is_ready(decision.status):
        # Its lock is not waited for.
        return replace(decision, again=0.0)
    return decision


async def _start(
    context: Context, build: jobs.Build, seen: builds.Observed, decision: builds.Decision
) -> builds.Decision:
    if build.spec.has_own_base:
        found = await bases.ensure(context, build, seen)
        if isinstance(found, EnvironmentBuildStatus):
            return builds.Decision(status=found, again=float(context.settings.resync_seconds))
        build = replace(build, base=found)
    return await starts.start(context, build, seen, decision)


async def _gather(
    context: Context, environment: Object, status: EnvironmentBuildStatus, build: jobs.Build
) -> builds.Observed:
    name, namespace = build.name, context.settings.builds.namespace
    job = await context.cluster.get(job_ref(context, name))
    result: Outcome | None = None
    if job is not None and builds.is_of_key(job, keys.key(build.spec, build.namespace)):
        labels = f"{meta.LABEL_ENVIRONMENT}={name}"
        pods = await context.cluster.list("v1", "Pod", namespace, labels=labels)
        result = outcome(job, pods)
    asked = annotation(environment, meta.ANNOTATION_RETRY)
    seen = builds.Observed(
        environment=environment,
        status=status.model_copy(update={"retried": asked or status.retried}),
        job=job,
        outcome=result,
        image=None,
        builds_namespace=namespace,
        retry=bool(asked) and asked != status.retried,
    )
    return replace(seen, image=await _image(context, seen, build))


async def _image(context: Context, seen: builds.Observed, build: jobs.Build) -> Image | None:
    """Ask the registry, where its answer matters: before a build, and after one of another."""
    job, result = seen.job, seen.outcome
    waits = result is None and seen.waits_for_a_person
    if waits or (result and result.phase is not Phase.SUCCEEDED):
        return None
    repository = context.settings.registry.repository
    if job and result and result.result and not builds.is_of_another(seen.environment, job):
        return Image(
            reference=f"{repository}@{result.result['digest']}",
            packages=verdict.number(result.result, "packages"),
            size=verdict.number(result.result, "size"),
        )
    try:
        return await context.registry.find(keys.tag(build.spec, build.namespace))
    except errors.TransientError:
        # A sentence that stays the same: the error's own words go to the log with each try.
        message = f"registry {repository} cannot be asked; see the log"
        await write_status(context, seen.environment, verdict.unreachable(seen.status, message))
        raise

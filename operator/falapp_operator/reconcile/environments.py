"""One pass over an Environment: gather, decide (`builds`), apply."""

from dataclasses import replace
from pathlib import Path

from falapp_operator import errors
from falapp_operator.api import meta, objects
from falapp_operator.api.environment import EnvironmentBuildStatus, EnvironmentSpec, status_of
from falapp_operator.api.objects import Object, Ref
from falapp_operator.cluster.registry import Image
from falapp_operator.environment import job as jobs
from falapp_operator.environment import key as keys
from falapp_operator.environment.outcome import Outcome, Phase, outcome
from falapp_operator.reconcile import builds
from falapp_operator.reconcile.context import (
    BUILD,
    ENVIRONMENT,
    Context,
    apply_changed,
    own,
    write_status,
)
from falapp_operator.reconcile.queue import Key


async def reconcile(context: Context, key: Key) -> float | None:
    """Bring one Environment nearer to its image."""
    environment = await context.cluster.get(own(ENVIRONMENT, key.namespace, key.name))
    if environment is None or "deletionTimestamp" in environment["metadata"]:
        context.wake(Key(BUILD, "", key.name))
        return None
    status = status_of(environment)
    if builds.is_ready(status):
        return None
    spec = EnvironmentSpec.model_validate(environment["spec"])
    if key.name != keys.name(spec):
        await write_status(context, environment, builds.misnamed(keys.name(spec)))
        return None
    build = jobs.Build(name=key.name, spec=spec, custom_ca=bool(context.settings.custom_ca))
    seen = await _gather(context, environment, status, build)
    decision = builds.decide(seen, context.now())
    if decision.drop and seen.job:
        await _drop(context, seen.job)
    running = seen.outcome is not None and seen.outcome.phase is Phase.RUNNING
    if decision.start:
        try:
            await _start(context, build)
        except errors.RefusedError as error:
            await write_status(context, environment, builds.refused(status, error.detail))
            raise
    elif seen.job and running:
        await _supply(context, build, seen.job)
    await write_status(context, environment, decision.status)
    # Events of the Job move a build on; the slow timer is for one that got lost.
    lost = float(context.settings.resync_seconds) if decision.start or running else None
    return decision.again or lost


async def reconcile_build(context: Context, key: Key) -> float | None:
    """Wake the Environments that a build is for; remove the build if there are none."""
    if not keys.is_name(key.name):
        # From a label that anybody may write: no other object of the namespace is removed for it.
        return None
    job = await context.cluster.get(_job_ref(context, key.name))
    users = await context.cluster.list(
        meta.API_VERSION, ENVIRONMENT, fields=f"metadata.name={key.name}"
    )
    for user in users:
        context.wake(Key(ENVIRONMENT, user["metadata"]["namespace"], key.name))
    if job and not users:
        await _drop(context, job)
    return None


async def _drop(context: Context, job: Object) -> None:
    """Delete this very Job; its pods and its request go with it."""
    await context.cluster.delete(objects.ref(job), uid=job["metadata"]["uid"])


async def _gather(
    context: Context, environment: Object, status: EnvironmentBuildStatus, build: jobs.Build
) -> builds.Observed:
    name, namespace = build.name, context.settings.builds.namespace
    job = await context.cluster.get(_job_ref(context, name))
    result: Outcome | None = None
    if job is not None:
        labels = f"{meta.LABEL_ENVIRONMENT}={name}"
        pods = await context.cluster.list("v1", "Pod", namespace, labels=labels)
        result = outcome(job, pods)
    seen = builds.Observed(
        environment=environment,
        status=status,
        job=job,
        outcome=result,
        image=None,
        builds_namespace=namespace,
    )
    return replace(seen, image=await _image(context, seen, build))


async def _image(context: Context, seen: builds.Observed, build: jobs.Build) -> Image | None:
    """Ask the registry, where its answer matters: before a build, and after one of another."""
    job, result = seen.job, seen.outcome
    waits_for_a_person = result is None and builds.is_stalled(seen.status)
    if waits_for_a_person or (result and result.phase is not Phase.SUCCEEDED):
        return None
    if job and result and result.result and not builds.is_of_another(seen.environment, job):
        repository = context.settings.registry.repository
        return Image(
            reference=f"{repository}@{result.result['digest']}",
            packages=int(result.result.get("packages", 0)),
        )
    try:
        return await context.registry.find(keys.tag(build.spec))
    except errors.TransientError:
        # A sentence that stays the same: the error's own words go to the log with each try.
        message = f"registry {context.settings.registry.repository} cannot be asked; see the log"
        await write_status(context, seen.environment, builds.unreachable(seen.status, message))
        raise


async def _start(context: Context, build: jobs.Build) -> None:
    settings = context.settings
    if settings.custom_ca:
        certificates = Path(settings.custom_ca).read_text()  # noqa: ASYNC240
        await context.cluster.apply(jobs.custom_ca(certificates, settings))
    try:
        job = await context.cluster.create(jobs.job(build, settings))
    except errors.ConflictError:
        # Another namespace's Environment of the same name was quicker: its build is ours too.
        return
    await _supply(context, build, job)


async def _supply(context: Context, build: jobs.Build, job: Object) -> None:
    """Give the Job its request, without which its pod waits; a pass may end between the two."""
    owner = objects.owner_reference(job, controller=False)
    live = await context.cluster.get(_request_ref(context, build.name))
    await apply_changed(context.cluster, live, jobs.request(build, context.settings, owner))


def _job_ref(context: Context, name: str) -> Ref:
    namespace = context.settings.builds.namespace
    return Ref(api_version="batch/v1", kind="Job", name=name, namespace=namespace)


def _request_ref(context: Context, name: str) -> Ref:
    namespace = context.settings.builds.namespace
    return Ref(api_version="v1", kind="ConfigMap", name=name, namespace=namespace)

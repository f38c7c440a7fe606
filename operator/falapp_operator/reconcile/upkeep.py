"""A ready Environment: its lock, and whether its image is there when a node cannot pull it."""

from falapp_operator.api.environment import EnvironmentBuildStatus, EnvironmentSpec
from falapp_operator.api.objects import Object
from falapp_operator.environment import key as keys
from falapp_operator.reconcile import locks, starts, turns, verdict
from falapp_operator.reconcile.context import Context, job_ref, key_of, write_status


async def keep(
    context: Context, environment: Object, status: EnvironmentBuildStatus
) -> float | None:
    """Look after a ready Environment; return the seconds after which it wants another look."""
    key = key_of(environment)
    spec = EnvironmentSpec.model_validate(environment["spec"])
    doubts = context.shared.doubts
    wait = doubts.wait(key, context.now())
    if wait:
        return wait
    if wait is not None:
        image = await context.registry.find(keys.tag(spec, key.namespace))
        doubts.asked(key, context.now())
        if image is None:
            return await _rebuild(context, environment, status)
        if image.reference != status.image:
            await write_status(context, environment, verdict.found(status, image))
            return 0.0
    return None if spec.is_base else await locks.keep(context, environment, status, spec)


async def _rebuild(context: Context, environment: Object, was: EnvironmentBuildStatus) -> float:
    """Have the vanished image built anew, whatever the Job that built it still says of it."""
    job = await context.cluster.get(job_ref(context, environment["metadata"]["name"]))
    if job is not None and turns.is_over(job):
        await starts.drop(context, job)
    message = "ImageVanished: the registry does not have the image any more; building it again"
    await write_status(context, environment, verdict.building(was, message))
    return 0.0

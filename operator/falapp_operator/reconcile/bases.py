"""The image of a Dockerfile, for the Environment whose packages go on top of it.

It is an Environment of its own, owned by those that need it: built once for all of them, in the
queue with the others, with a status of its own.
"""

from falapp_operator.api.environment import EnvironmentBuildStatus, status_of
from falapp_operator.environment import job as jobs
from falapp_operator.environment import key as keys
from falapp_operator.environment import manifest
from falapp_operator.reconcile import claims, verdict
from falapp_operator.reconcile.builds import Observed
from falapp_operator.reconcile.context import ENVIRONMENT, Context, apply_changed, key_of, own


async def ensure(
    context: Context, build: jobs.Build, seen: Observed
) -> str | EnvironmentBuildStatus:
    """Return the image, by digest, or the status to have while there is none."""
    spec = manifest.base_of(build.spec)
    name = keys.name(spec, build.namespace)
    live = await context.cluster.get(own(ENVIRONMENT, build.namespace, name))
    host = key_of(live) if live and claims.is_users(live) else None
    context.shared.guests.note(key_of(seen.environment), host)
    desired = claims.claim(live, seen.environment, spec, seen.status.retried if seen.retry else "")
    if desired is not None:
        await apply_changed(context.cluster, live, desired)
    status = status_of(live)
    if live is None or not verdict.is_ready(status):
        return verdict.waiting(seen.status, name, status)
    image = await context.registry.find(keys.tag(spec, build.namespace))
    if image is None:
        # Its own pass asks the registry again, and has it built anew.
        context.shared.doubts.add(key_of(live))
        context.wake(key_of(live))
        return verdict.waiting(seen.status, name, EnvironmentBuildStatus())
    return image.reference

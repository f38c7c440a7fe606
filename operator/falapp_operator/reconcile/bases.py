"""The image of a Dockerfile, for the Environment whose packages go on top of it.

It is an Environment of its own, owned by those that need it: built once for all of them, in the
queue with the others, with a status of its own.
"""

from falapp_operator.api import meta
from falapp_operator.api.environment import EnvironmentBuildStatus, status_of
from falapp_operator.api.objects import Object, owner_reference
from falapp_operator.environment import job as jobs
from falapp_operator.environment import key as keys
from falapp_operator.environment import manifest
from falapp_operator.reconcile import verdict
from falapp_operator.reconcile.builds import Observed
from falapp_operator.reconcile.context import ENVIRONMENT, Context, apply_changed, key_of, own


async def ensure(
    context: Context, build: jobs.Build, seen: Observed
) -> str | EnvironmentBuildStatus:
    """Return the image, by digest, or the status to have while there is none."""
    spec = manifest.base_of(build.spec)
    name = keys.name(spec, build.namespace)
    live = await context.cluster.get(own(ENVIRONMENT, build.namespace, name))
    desired = _claimed(live, seen, manifest.environment(spec, build.namespace, ()))
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


def _claimed(live: Object | None, seen: Observed, wanted: Object) -> Object | None:
    """Return the base's Environment with one more owner or the wish to try again, if need be.

    The API server is to refuse it if another one changed the owners meanwhile.
    """
    found = live["metadata"] if live else {}
    mine = owner_reference(seen.environment, controller=False)
    owners, annotations = list(found.get("ownerReferences", ())), found.get("annotations", {})
    was = annotations.get(meta.ANNOTATION_RETRY, "")
    retry = (seen.status.retried if seen.retry else "") or was
    if mine["uid"] in (o["uid"] for o in owners) and retry == was:
        return None
    if mine["uid"] not in (o["uid"] for o in owners):
        owners.append(mine)
    more: Object = {"ownerReferences": owners}
    if live:
        more["resourceVersion"] = found["resourceVersion"]
    if retry:
        more["annotations"] = {meta.ANNOTATION_RETRY: retry}
    return wanted | {"metadata": wanted["metadata"] | more}

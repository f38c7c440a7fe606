"""The lock of an environment, beside it: what was installed, from where, with which hash.

The registry holds it with the image. Nobody waits for the copy in the cluster: where it cannot be
had, the Environment is ready all the same, and it is looked for again.
"""

from falapp_operator.api import meta, objects
from falapp_operator.api.conditions import ConditionType
from falapp_operator.api.environment import EnvironmentBuildStatus, EnvironmentSpec
from falapp_operator.api.objects import Object
from falapp_operator.environment import key as keys
from falapp_operator.reconcile import pauses, verdict
from falapp_operator.reconcile.context import Context, apply_changed, write_status

FILE = "pylock.toml"
"""The key of the lock in its ConfigMap."""

_LARGEST = 1_000_000
"""Bytes: what a ConfigMap takes, less what surrounds it."""
_FIRST_PAUSE = 60.0
_LONGEST_PAUSE = 6 * 3600.0


async def keep(
    context: Context, environment: Object, status: EnvironmentBuildStatus, spec: EnvironmentSpec
) -> float | None:
    """Put the lock of a ready Environment into a ConfigMap, once.

    Returns:
        The seconds after which to look for it again, where there is none.
    """
    if status.lock:
        return None
    namespace = environment["metadata"]["namespace"]
    text = await context.registry.lock(keys.tag(spec, namespace))
    desired = _config_map(environment, text or "")
    live = await context.cluster.get(objects.ref(desired))
    if text is None or len(text.encode()) > _LARGEST or _is_foreign(live):
        ready = verdict.since(status, ConditionType.READY)
        return pauses.growing(ready, context.now(), _LONGEST_PAUSE, first=_FIRST_PAUSE)
    await apply_changed(context.cluster, live, desired)
    named = status.model_copy(update={"lock": desired["metadata"]["name"]})
    await write_status(context, environment, named)
    return None


def _is_foreign(live: Object | None) -> bool:
    labels = live["metadata"].get("labels", {}) if live else {}
    return live is not None and labels.get(meta.LABEL_MANAGED_BY) != meta.MANAGED_BY


def _config_map(environment: Object, text: str) -> Object:
    metadata = environment["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": f"{metadata['name']}-lock",
            "namespace": metadata["namespace"],
            "labels": meta.environment_labels(metadata["name"]),
            "ownerReferences": [objects.owner_reference(environment, controller=False)],
        },
        "data": {FILE: text},
    }

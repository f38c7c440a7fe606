"""Machine types: the chart's, applied when the operator starts; how many nodes are of each.

The chart's are custom resources of a kind that the same chart brings, so Helm cannot install both
in one go. What an administrator changed with kubectl stays as it is, whole. Applying without force
is refused only over a field that another one set: one that was taken out would come back, and
beside one that was added the others would change. So a type is applied only if its stamp still is
that of its spec.
"""

import logging

from pydantic import ValidationError

from falapp_operator.api import meta
from falapp_operator.api.machinetype import MachineTypeSpec, MachineTypeStatus
from falapp_operator.api.objects import Object, annotation, ref, stamped
from falapp_operator.errors import ConflictError, MissingError, TransientError
from falapp_operator.reconcile import drift
from falapp_operator.reconcile.context import MACHINE_TYPE, Context, apply_changed, own
from falapp_operator.reconcile.queue import Key
from falapp_operator.runner import nodes

_log = logging.getLogger(__name__)

KEY = Key("MachineTypes", "", "of the chart")
COUNT = Key("Nodes", "", "of machine types")


async def reconcile(context: Context, _key: Key) -> float | None:
    """Apply every machine type of the settings; a bad one does not keep back the others."""
    refused: list[str] = []
    for name, spec in context.settings.machine_types.items():
        desired = machine_type(name, context.settings.pytorch.applied(spec).to_object())
        try:
            applied = await _apply(context, desired)
        except TransientError as error:
            refused.append(f"machineTypes.{name}: {error}")
            continue
        if not applied:
            _log.warning(
                "MachineType %s was changed in the cluster and is left as it is, whole: the chart's"
                " has no effect; delete it and restart the operator to have that",
                name.lower(),
            )
    if refused:
        raise TransientError("; ".join(refused))
    return None


async def _apply(context: Context, desired: Object) -> bool:
    """Have a machine type of the chart; return False where it is somebody else's by now."""
    live = await context.cluster.get(ref(desired))
    if live is not None and _is_edited(live, desired):
        return False
    try:
        await apply_changed(context.cluster, live, desired, force=False)
    except ConflictError:
        return False
    return True


def _is_edited(live: Object, desired: Object) -> bool:
    """Return whether somebody made a machine type what it is, unless that is ``desired``."""
    now = machine_type(live["metadata"]["name"], drift.given(live))
    stamps = (annotation(o, meta.ANNOTATION_APPLIED) for o in (live, stamped(desired)))
    return annotation(stamped(now), meta.ANNOTATION_APPLIED) not in stamps


async def changed(context: Context, key: Key) -> float | None:
    """Wake the apps that name a machine type, unless it is as it was: its status is our own."""
    live = await context.cluster.get(own(MACHINE_TYPE, "", key.name))
    metadata = live["metadata"] if live else {}
    now = (str(metadata["uid"]), int(metadata["generation"])) if live else None
    machines = context.shared.machines
    if key.name in machines and machines[key.name] == now:
        return None
    for app in context.shared.choices.of(key.name):
        context.wake(app)
    context.wake(COUNT)
    machines[key.name] = now
    return None


async def count(context: Context, _key: Key) -> float | None:
    """Write into each machine type how many nodes are of it, and wake the apps that wait for one.

    Nodes come in crowds, so this looks at them once in a few seconds, and now and then by itself.
    """
    shared, now = context.shared.nodes, context.now()
    if soon := shared.pause(now):
        return soon
    there = await shared.all(lambda: context.cluster.list("v1", "Node"), now, fresh=True)
    for live in await context.cluster.list(meta.API_VERSION, MACHINE_TYPE):
        status = _status(live, there)
        if status is None or live.get("status") == status:
            continue
        try:
            await context.cluster.apply_status(
                own(MACHINE_TYPE, "", live["metadata"]["name"]), status
            )
        except MissingError:
            continue  # deleted meanwhile; or its definition is older than the operator
    if shared.counted(there, now):
        for key in shared.waiting:
            context.wake(key)
    return float(context.settings.resync_seconds)


def _status(live: Object, there: tuple[nodes.Node, ...]) -> Object | None:
    try:
        spec = MachineTypeSpec.model_validate(live["spec"])
    except ValidationError:
        return None  # its apps say so
    return MachineTypeStatus(nodes=nodes.count(spec, there)).to_object()


def machine_type(name: str, spec: Object) -> Object:
    """Return the MachineType of the settings' entry ``name``, all that is applied of it.

    Its stamp is over all of this: were it made in another way, no operator would know again what a
    former one applied.
    """
    return {
        "apiVersion": meta.API_VERSION,
        "kind": MACHINE_TYPE,
        "metadata": {
            "name": name.lower(),
            "labels": {meta.LABEL_MANAGED_BY: meta.MANAGED_BY},
        },
        "spec": spec,
    }

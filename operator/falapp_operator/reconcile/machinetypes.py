"""The chart's machine types, applied when the operator starts.

They are custom resources of a kind that the same chart brings, so Helm cannot install both in one
go. What an administrator changed with kubectl stays as it is: applying without force is refused
then, and that is fine.
"""

import logging

from falapp_operator.api import meta
from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.api.objects import Object
from falapp_operator.errors import ConflictError, TransientError
from falapp_operator.reconcile.context import MACHINE_TYPE, Context, apply_changed, own
from falapp_operator.reconcile.queue import Key

_log = logging.getLogger(__name__)

KEY = Key("MachineTypes", "", "of the chart")


async def reconcile(context: Context, _key: Key) -> float | None:
    """Apply every machine type of the settings; a bad one does not keep back the others."""
    refused: list[str] = []
    for name, spec in context.settings.machine_types.items():
        desired = machine_type(name, context.settings.pytorch.applied(spec))
        live = await context.cluster.get(own(MACHINE_TYPE, "", desired["metadata"]["name"]))
        try:
            await apply_changed(context.cluster, live, desired, force=False)
        except ConflictError:
            _log.info("MachineType %s was changed in the cluster, and is left as it is", name)
        except TransientError as error:
            refused.append(f"machineTypes.{name}: {error}")
    if refused:
        raise TransientError("; ".join(refused))
    return None


def machine_type(name: str, spec: MachineTypeSpec) -> Object:
    """Return the MachineType of the settings' entry ``name``."""
    return {
        "apiVersion": meta.API_VERSION,
        "kind": MACHINE_TYPE,
        "metadata": {
            "name": name.lower(),
            "labels": {meta.LABEL_MANAGED_BY: meta.MANAGED_BY},
        },
        "spec": spec.to_object(),
    }

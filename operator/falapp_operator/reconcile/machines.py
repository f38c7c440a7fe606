"""The machine types that will do for an app, as they are now."""

import asyncio

from pydantic import ValidationError

from falapp_operator.api import meta, model
from falapp_operator.api.conditions import Reason
from falapp_operator.api.falapp import FalAppSpec, machine_type_name
from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.api.objects import Object
from falapp_operator.cluster.client import Client
from falapp_operator.errors import UserError
from falapp_operator.reconcile.context import MACHINE_TYPE, own
from falapp_operator.reconcile.snapshot import Machine


async def accepted(
    cluster: Client, spec: FalAppSpec
) -> tuple[tuple[Machine, ...], tuple[str, ...]]:
    """Return the machine types that will do; where one is missing, the names of all there are."""
    refs = [own(MACHINE_TYPE, "", machine_type_name(name)) for name in spec.machines]
    found = await asyncio.gather(*(cluster.get(ref) for ref in refs))
    names = () if all(found) else await _names(cluster)
    return tuple(_machine(live) for live in found), names


def _machine(live: Object | None) -> Machine:
    if live is None:
        return None
    try:
        return MachineTypeSpec.model_validate(live["spec"])
    except ValidationError as error:
        return UserError(
            Reason.INVALID_SPEC,
            f"MachineType {live['metadata']['name']!r}: {model.complaint(error)}; correct it, or"
            " use another one",
        )


async def _names(cluster: Client) -> tuple[str, ...]:
    found = await cluster.list(meta.API_VERSION, MACHINE_TYPE)
    return tuple(sorted(m["metadata"]["name"] for m in found))

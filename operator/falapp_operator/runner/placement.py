"""Where a runner may run and what it gets there, from the machine types that will do."""

from collections.abc import Sequence

from falapp_operator.api import environment, quantity
from falapp_operator.api.machinetype import (
    DriverCapability,
    MachineTypeSpec,
    NodeSelectorTerm,
    Toleration,
)
from falapp_operator.api.objects import Object

_MOST = 100
"""The largest weight that Kubernetes takes."""
_SHM = "shm"
DRIVER_CAPABILITIES = "NVIDIA_DRIVER_CAPABILITIES"
_OPPOSITE = {
    "In": "NotIn",
    "NotIn": "In",
    "Exists": "DoesNotExist",
    "DoesNotExist": "Exists",
}


def combined(accepted: Sequence[MachineTypeSpec], times: int | None = None) -> MachineTypeSpec:
    """Return what a pod asks for that may run on any of ``accepted``, the best first.

    A pod has one size, so it is what each of them can give: the least CPU and memory of all. It has
    one RuntimeClass and one number of GPUs, too, which are those of all.

    Args:
        accepted: The machine types.
        times: How many times their GPUs, CPU and memory a runner gets; once when None.
    """
    first = accepted[0]
    if len(accepted) == 1 and times in (None, 1):
        return first
    count = times or 1
    gpu = first.gpu and first.gpu.model_copy(update={"count": first.gpu.count * count})
    shared = [m.shared_memory for m in accepted if m.shared_memory]
    return first.model_copy(
        update={
            "cpu": quantity.times(quantity.least([m.cpu for m in accepted]), count),
            "memory": quantity.times(quantity.least([m.memory for m in accepted]), count),
            "gpu": gpu,
            "shared_memory": quantity.times(quantity.least(shared), count) if shared else None,
            "node_selector_terms": _terms(accepted),
            "tolerations": _tolerations(accepted),
            "driver_capabilities": _capabilities(accepted),
        }
    )


def _terms(accepted: Sequence[MachineTypeSpec]) -> tuple[NodeSelectorTerm, ...] | None:
    """Return the terms of all; none where one of them takes any node."""
    if not all(m.node_selector_terms for m in accepted):
        return None
    return tuple(term for m in accepted for term in m.node_selector_terms or ())


def _tolerations(accepted: Sequence[MachineTypeSpec]) -> tuple[Toleration, ...] | None:
    found: list[Toleration] = []
    for toleration in (t for m in accepted for t in m.tolerations or ()):
        if toleration not in found:
            found.append(toleration)
    return tuple(found) or None


def _capabilities(accepted: Sequence[MachineTypeSpec]) -> tuple[DriverCapability, ...] | None:
    return tuple(dict.fromkeys(c for m in accepted for c in m.driver_capabilities or ())) or None


def preferences(accepted: Sequence[MachineTypeSpec]) -> tuple[Object, ...]:
    """Return the preferred node affinity that has the scheduler try ``accepted`` in order.

    The scheduler adds up the weights of all terms that a node satisfies, and weighs the sum against
    other things, such as who has the image already. So a node satisfies but one of a machine type's
    terms here, whatever clouds' labels it has, and from each machine type to the next there is a
    large step. The last one needs no weight.
    """
    made: list[Object] = []
    for place, machine in enumerate(accepted[:-1]):
        if not machine.node_selector_terms:
            break  # any node is as good, so none is better for what comes after it
        weight = round(_MOST ** (1 - place / (len(accepted) - 1)))
        made += (
            {"weight": weight, "preference": {"matchExpressions": term}}
            for term in _apart(machine.node_selector_terms)
        )
    return tuple(made)


def _apart(terms: Sequence[NodeSelectorTerm]) -> list[list[Object]]:
    """Return terms of which at most one holds, together the same: each says no to those before.

    A demand for several labels at once cannot be turned round in one term, and is passed over:
    such terms are of different clouds.
    """
    made, before = [], list[Object]()
    for term in terms:
        own = [e.to_object() for e in term.match_expressions]
        made.append([*own, *before])
        if len(own) == 1 and own[0]["operator"] in _OPPOSITE:
            before.append(own[0] | {"operator": _OPPOSITE[own[0]["operator"]]})
    return made


def resources(machine: MachineTypeSpec, *, gpu: bool = True) -> Object:
    """Return a container's resources: requests and limits are the same, as on fal."""
    amounts: Object = {"cpu": machine.cpu, "memory": machine.memory}
    if machine.gpu and gpu:
        amounts[machine.gpu.resource] = str(machine.gpu.count)
    return {"requests": amounts, "limits": dict(amounts)}


def variables(machine: MachineTypeSpec) -> dict[str, str]:
    """Return the variables that the container toolkit of a runner's node reads."""
    if not machine.driver_capabilities:
        return {}
    return {DRIVER_CAPABILITIES: ",".join(machine.driver_capabilities)}


def volumes(machine: MachineTypeSpec) -> list[Object]:
    """Return the volume of the runner's /dev/shm; it counts as memory of the runner."""
    if not machine.shared_memory:
        return []
    return [{"name": _SHM, "emptyDir": {"medium": "Memory", "sizeLimit": machine.shared_memory}}]


def mounts(machine: MachineTypeSpec) -> list[Object]:
    """Return the runner's mount of it."""
    return [{"name": _SHM, "mountPath": "/dev/shm"}] if machine.shared_memory else []  # noqa: S108 - where it is on every Linux


def scheduling(machine: MachineTypeSpec, preferred: Sequence[Object] = ()) -> Object:
    """Return the fields of the pod's spec that decide its node."""
    spec: Object = {"nodeSelector": environment.node_labels(environment.PLATFORM)}
    affinity: Object = {}
    if machine.node_selector_terms:
        affinity["requiredDuringSchedulingIgnoredDuringExecution"] = {
            "nodeSelectorTerms": [t.to_object() for t in machine.node_selector_terms]
        }
    if preferred:
        affinity["preferredDuringSchedulingIgnoredDuringExecution"] = list(preferred)
    if affinity:
        spec["affinity"] = {"nodeAffinity": affinity}
    if machine.tolerations:
        spec["tolerations"] = [t.to_object() for t in machine.tolerations]
    if machine.runtime_class_name:
        spec["runtimeClassName"] = machine.runtime_class_name
    return spec

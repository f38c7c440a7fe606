"""Where a runner may run and what it gets there, from its machine type."""

from falapp_operator.api import environment
from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.api.objects import Object


def resources(machine: MachineTypeSpec, *, gpu: bool = True) -> Object:
    """Return a container's resources: requests and limits are the same, as on fal."""
    amounts: Object = {"cpu": machine.cpu, "memory": machine.memory}
    if machine.gpu and gpu:
        amounts[machine.gpu.resource] = str(machine.gpu.count)
    return {"requests": amounts, "limits": dict(amounts)}


def scheduling(machine: MachineTypeSpec) -> Object:
    """Return the fields of the pod's spec that decide its node."""
    spec: Object = {"nodeSelector": environment.node_labels(environment.PLATFORM)}
    if machine.node_selector_terms:
        spec["affinity"] = {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [t.to_object() for t in machine.node_selector_terms]
                }
            }
        }
    if machine.tolerations:
        spec["tolerations"] = [t.to_object() for t in machine.tolerations]
    if machine.runtime_class_name:
        spec["runtimeClassName"] = machine.runtime_class_name
    return spec

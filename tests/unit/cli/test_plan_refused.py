"""`falapp plan`: what is asked of machine types, and what is refused before it is applied."""

import pytest

from falapp_cli.errors import InputError
from tests.unit import samples
from tests.unit.cli.test_plan import foreseen, pod_of


def test_fallbacks_and_gpus():
    size = {"cpu": "4", "memory": "8Gi", **samples.GPU}
    settings = samples.settings(machineTypes={"GPU-A": size, "GPU-B": size | {"memory": "6Gi"}})
    app = samples.app(machineType="GPU-A", machineTypeFallbacks=["gpu-b"], numGPUs=2)
    spec = pod_of(foreseen(app, settings))
    limits = {"cpu": "8", "memory": "12Gi", "nvidia.com/gpu": "2"}
    assert spec["containers"][0]["resources"]["limits"] == limits
    assert "preferredDuringSchedulingIgnoredDuringExecution" in spec["affinity"]["nodeAffinity"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"machineType": "GPU-X"}, "UnknownMachineType: spec.machineType: there is no"),
        ({"machineType": "GPU-X", "suspend": True}, "UnknownMachineType: spec.machineType: there"),
        ({"machineTypeFallbacks": ["GPU-X"]}, "spec.machineTypeFallbacks: there is no MachineType"),
        ({"numGPUs": 2}, "InvalidSpec: spec.numGPUs: 2 are asked for, and machine type 'S' has"),
        ({"pythonVersion": "3.9"}, "UnsupportedPython: spec.pythonVersion: 3.9"),
        ({"requirements": ["./here"]}, "InvalidRequirement: spec.requirements"),
        ({"requirements": ["x @ ${NOPE}"]}, "spec.requirementSecrets: ${NOPE}"),
        ({"entrypoint": "other.py"}, "the source has no file 'other.py'"),
        ({"startupTimeout": "soon"}, "spec.startupTimeout"),
        ({"nonsense": 1}, "spec.nonsense"),
    ],
)
def test_what_the_operator_would_call_stalled_is_refused(changes, says):
    with pytest.raises(InputError) as caught:
        foreseen(samples.app(**changes))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)

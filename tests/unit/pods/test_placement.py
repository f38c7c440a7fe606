import pytest

from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.runner import placement
from tests.unit import samples


def machine(**spec):
    return MachineTypeSpec.model_validate({"cpu": "2", "memory": "8Gi"} | spec)


@pytest.mark.parametrize(
    ("spec", "gpu", "amounts"),
    [
        ({}, True, {"cpu": "2", "memory": "8Gi"}),
        ({"gpu": {}}, True, {"cpu": "2", "memory": "8Gi", "nvidia.com/gpu": "1"}),
        (
            {"gpu": {"resource": "amd.com/gpu", "count": 8}},
            True,
            {"cpu": "2", "memory": "8Gi", "amd.com/gpu": "8"},
        ),
        ({"gpu": {"count": 8}}, False, {"cpu": "2", "memory": "8Gi"}),
    ],
)
def test_requests_are_limits(spec, gpu, amounts):
    made = placement.resources(machine(**spec), gpu=gpu)
    assert made == {"requests": amounts, "limits": amounts}


def test_a_machine_type_with_a_gpu_goes_where_its_terms_say():
    made = placement.scheduling(machine(**samples.GPU))
    affinity = made["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert affinity["nodeSelectorTerms"] == samples.GPU["nodeSelectorTerms"]
    assert made["tolerations"] == samples.GPU["tolerations"]
    assert made["runtimeClassName"] == "nvidia"


def test_a_machine_type_without_demands_goes_anywhere():
    platform = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    assert placement.scheduling(machine()) == {"nodeSelector": platform}

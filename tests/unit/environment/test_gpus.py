"""Builds keep off nodes with GPUs."""

import pytest

from falapp_operator.environment import gpus
from falapp_operator.runner import nodes
from tests.unit import samples
from tests.unit.environment.build import build, pod

MACHINES = {
    "S": {
        "cpu": "1",
        "memory": "1Gi",
        "nodeSelectorTerms": [
            {"matchExpressions": [{"key": "pool", "operator": "In", "values": ["small"]}]}
        ],
    },
    "GPU-X": {
        "cpu": "1",
        "memory": "1Gi",
        "gpu": {},
        "nodeSelectorTerms": [
            {"matchExpressions": [{"key": key, "operator": "In", "values": ["x", "y"]}]}
            for key in ("falapp.dev/machine", "instance", "nvidia.com/gpu.product")
        ]
        + [
            {
                "matchExpressions": [
                    {"key": "pool", "operator": "In", "values": ["gpus"]},
                    {"key": "zone", "operator": "In", "values": ["a"]},
                ]
            }
        ],
    },
}


def affinity(how):
    given = {"machineTypes": MACHINES, "builds": {"keepOffGPUNodes": how}}
    made = gpus.keep_off(samples.settings(**given))
    assert pod(build(), **given)["affinity"] == {"nodeAffinity": made}
    return made


@pytest.mark.parametrize(
    ("labels", "free"),
    [
        ({}, True),
        ({"pool": "small", "falapp.dev/machine": "S", "instance": "cpu"}, True),
        ({"falapp.dev/machine": "y"}, False),
        ({"instance": "x"}, False),
        ({"nvidia.com/gpu.present": "true"}, False),
        ({"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}, False),
        ({"cloud.google.com/gke-accelerator": "nvidia-l4"}, False),
        ({"karpenter.k8s.aws/instance-gpu-name": "l4"}, False),
        ({"eks.amazonaws.com/instance-gpu-name": "l4"}, False),
        ({"kubernetes.azure.com/accelerator": "nvidia"}, False),
        ({"gpu.nvidia.com/class": "H100"}, False),
    ],
)
@pytest.mark.parametrize("how", ["preferred", "required"])
def test_which_nodes_builds_keep_off(how, labels, free):
    [(kind, terms)] = affinity(how).items()
    assert kind == f"{how}DuringSchedulingIgnoredDuringExecution"
    [term] = terms["nodeSelectorTerms"] if how == "required" else [terms[0]["preference"]]
    assert nodes.satisfies(labels, term) is free

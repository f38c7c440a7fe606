"""The chart's machine types: fal's names and sizes, and the labels that clouds give their nodes."""

import pytest

from falapp_operator.api import quantity
from falapp_operator.runner import nodes
from tests.contract.test_chart import load
from tests.unit import samples

CPU = {
    "XS": ("500m", "512Mi"),
    "S": ("1", "1Gi"),
    "M": ("2", "2Gi"),
    "L": ("4", "15Gi"),
    "XL": ("8", "30Gi"),
}
GPU = {
    "GPU-A6000": ("10", "18Gi"),
    "GPU-RTX4090": ("12", "48Gi"),
    "GPU-RTX5090": ("14", "60Gi"),
    "GPU-RTXPRO6000": ("6", "100Gi"),
    "GPU-L40": ("6", "100Gi"),
    "GPU-A100": ("12", "60Gi"),
    "GPU-A100-80GB": ("12", "60Gi"),
    "GPU-H100": ("12", "112Gi"),
    "GPU-H200": ("12", "112Gi"),
    "GPU-B200": ("19", "210Gi"),
    # no machines of fal's today
    "GPU-T4": ("4", "26Gi"),
    "GPU-L4": ("6", "24Gi"),
    "GPU-A10G": ("6", "24Gi"),
}
OURS, GFD = "falapp.dev/machine", "nvidia.com/gpu.product"
GKE = "cloud.google.com/gke-accelerator"
KARPENTER = "karpenter.k8s.aws/instance-gpu-name"
EKS = "eks.amazonaws.com/instance-gpu-name"
INSTANCE = "node.kubernetes.io/instance-type"
NAP = "karpenter.azure.com/sku-gpu-name"
COREWEAVE, MODEL = "gpu.nvidia.com/class", "gpu.nvidia.com/model"


@pytest.fixture(scope="module")
def types(render, tmp_path_factory):
    return load(render("minimal"), tmp_path_factory.mktemp("settings")).machine_types


def test_names_and_sizes(types):
    assert {name: (spec.cpu, spec.memory) for name, spec in types.items()} == CPU | GPU


@pytest.mark.parametrize("name", CPU)
def test_a_type_without_gpus_asks_for_nothing_else(types, name):
    assert set(types[name].to_object()) == {"cpu", "memory"}


@pytest.mark.parametrize("name", GPU)
def test_a_type_with_a_gpu(types, name):
    spec = types[name]
    first, *others = spec.node_selector_terms
    assert others
    assert first.to_object() == {
        "matchExpressions": [{"key": OURS, "operator": "In", "values": [name]}]
    }
    assert spec.gpu.to_object() == {"resource": "nvidia.com/gpu", "count": 1}
    tolerated = [t.to_object() for t in spec.tolerations]
    assert tolerated == [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    assert 2 * quantity.value(spec.shared_memory) == quantity.value(spec.memory)
    assert spec.driver_capabilities == ("compute", "utility", "video")


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        *(({OURS: name}, name) for name in GPU),
        ({GFD: "NVIDIA-RTX-A6000"}, "GPU-A6000"),
        ({GFD: "NVIDIA-GeForce-RTX-4090"}, "GPU-RTX4090"),
        ({GFD: "NVIDIA-GeForce-RTX-5090"}, "GPU-RTX5090"),
        ({GFD: "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition"}, "GPU-RTXPRO6000"),
        ({GFD: "NVIDIA-L40"}, "GPU-L40"),
        ({GFD: "NVIDIA-L40S"}, "GPU-L40"),
        ({GFD: "NVIDIA-A100-SXM4-40GB"}, "GPU-A100"),
        ({GFD: "A100-PCIE-40GB"}, "GPU-A100"),
        ({GFD: "NVIDIA-A100-SXM4-80GB"}, "GPU-A100-80GB"),
        ({GFD: "NVIDIA-A100-80GB-PCIe"}, "GPU-A100-80GB"),
        ({GFD: "NVIDIA-H100-80GB-HBM3"}, "GPU-H100"),
        ({GFD: "NVIDIA-H100-NVL"}, "GPU-H100"),
        ({GFD: "NVIDIA-H200"}, "GPU-H200"),
        ({GFD: "NVIDIA-B200"}, "GPU-B200"),
        ({GFD: "Tesla-T4"}, "GPU-T4"),
        ({GFD: "NVIDIA-L4"}, "GPU-L4"),
        ({GFD: "NVIDIA-A10G"}, "GPU-A10G"),
        ({GKE: "nvidia-tesla-t4"}, "GPU-T4"),
        ({GKE: "nvidia-l4"}, "GPU-L4"),
        ({GKE: "nvidia-tesla-a100"}, "GPU-A100"),
        ({GKE: "nvidia-a100-80gb"}, "GPU-A100-80GB"),
        ({GKE: "nvidia-h100-80gb"}, "GPU-H100"),
        ({GKE: "nvidia-h100-mega-80gb"}, "GPU-H100"),
        ({GKE: "nvidia-h200-141gb"}, "GPU-H200"),
        ({GKE: "nvidia-b200"}, "GPU-B200"),
        ({GKE: "nvidia-rtx-pro-6000"}, "GPU-RTXPRO6000"),
        *(
            ({key: value, key.replace("name", "memory"): memory}, name)
            for key in (KARPENTER, EKS)
            for value, memory, name in (
                ("t4", "16384", "GPU-T4"),
                ("l4", "22888", "GPU-L4"),
                ("a10g", "24576", "GPU-A10G"),
                ("l40s", "45776", "GPU-L40"),
                # EC2 calls the card of g7e "RTX PRO Server 6000"; Karpenter writes it like this
                ("rtx-pro-server-6000", "97887", "GPU-RTXPRO6000"),
                ("a100", "40960", "GPU-A100"),
                ("a100", "81920", "GPU-A100-80GB"),
                ("h100", "81920", "GPU-H100"),
                ("h200", "144384", "GPU-H200"),
                ("b200", "183359", "GPU-B200"),
            )
        ),
        ({INSTANCE: "Standard_NC8as_T4_v3"}, "GPU-T4"),
        ({INSTANCE: "Standard_ND96asr_v4"}, "GPU-A100"),
        ({INSTANCE: "Standard_NC24ads_A100_v4"}, "GPU-A100-80GB"),
        ({INSTANCE: "Standard_ND96isr_H100_v5"}, "GPU-H100"),
        ({INSTANCE: "Standard_ND96isr_H200_v5"}, "GPU-H200"),
        ({NAP: "T4"}, "GPU-T4"),
        ({NAP: "H100"}, "GPU-H100"),
        *(
            ({key: value}, name)
            for key in (COREWEAVE, MODEL)
            for value, name in (
                ("RTX_A6000", "GPU-A6000"),
                ("L40S", "GPU-L40"),
                ("A100_NVLINK_80GB", "GPU-A100-80GB"),
                ("H100", "GPU-H100"),
                ("H100_NVLINK_80GB", "GPU-H100"),
                ("H200", "GPU-H200"),
                ("B200", "GPU-B200"),
            )
        ),
        # in slices, shared, or of a vendor alone: of no type
        ({GFD: "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb"}, None),
        ({GFD: "NVIDIA-H100-80GB-HBM3-SHARED"}, None),
        ({"kubernetes.azure.com/accelerator": "nvidia", "accelerator": "nvidia"}, None),
        ({KARPENTER: "a100"}, None),
        ({NAP: "A100"}, None),
        ({INSTANCE: "Standard_D4s_v5"}, None),
    ],
)
def test_a_node_is_of_one_type_by_the_labels_that_its_cloud_gives_it(types, labels, name):
    node = nodes.read({"metadata": {"name": "one", "labels": samples.LINUX | labels}})
    found = [n for n, spec in types.items() if spec.gpu and nodes.count(spec, [node])]
    assert found == ([name] if name else [])

import json

from tests.cluster import kind
from tests.cluster.choice import Way


def patches(described, part):
    """Find the kubeadm patches of one kind, cluster-wide and of nodes."""
    texts = described.get("kubeadmConfigPatches", []) + [
        text for each in described["nodes"] for text in each.get("kubeadmConfigPatches", [])
    ]
    return [patch for patch in map(json.loads, texts) if patch["kind"] == part]


def test_one_node_takes_everything_and_two_have_gpus():
    described = kind.config(Way.PULLED)
    assert [each["role"] for each in described["nodes"]] == ["control-plane", "worker", "worker"]
    assert [each.get("labels") for each in described["nodes"]] == [
        None,
        {
            "falapp.dev/machine": "GPU-A100",
            "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB",
        },
        {
            "falapp.dev/machine": "GPU-H100",
            "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
        },
    ]


def test_the_control_plane_has_no_taint_and_gpu_workers_have_theirs():
    described = kind.config(Way.ASSEMBLED)
    (control,) = patches(described, "InitConfiguration")
    assert control["nodeRegistration"]["taints"] == []
    joins = patches(described, "JoinConfiguration")
    taint = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
    assert [join["nodeRegistration"]["taints"] for join in joins] == [[taint], [taint]]


def test_only_the_assembled_node_has_its_cgroups_set():
    (pulled,) = patches(kind.config(Way.PULLED), "KubeletConfiguration")
    (assembled,) = patches(kind.config(Way.ASSEMBLED), "KubeletConfiguration")
    assert pulled == {"kind": "KubeletConfiguration", "failCgroupV1": False}
    assert assembled["cgroupDriver"] == "cgroupfs"
    assert assembled["cgroupRoot"] == "/kubelet"


def test_gpus_are_written_into_the_nodes_capacity():
    (patch,) = json.loads(kind.gpu_patch())
    assert patch == {"op": "add", "path": "/status/capacity/nvidia.com~1gpu", "value": "8"}


def node(name, status):
    conditions = [{"type": "MemoryPressure", "status": "False"}]
    conditions.append({"type": "Ready", "status": status})
    return {"metadata": {"name": name}, "status": {"conditions": conditions}}


def test_a_cluster_is_well_when_all_its_nodes_are_ready():
    assert kind.unwell({"items": [node(name, "True") for name in kind.NODES]}) == []


def test_a_node_that_is_missing_or_not_ready_is_named():
    items = [node("falapp-control-plane", "True"), node("falapp-worker", "Unknown")]
    assert kind.unwell({"items": items}) == [
        "falapp-worker is not ready",
        "falapp-worker2 is not ready",
    ]


def test_the_registry_is_never_asked_through_a_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "example.org")
    assert kind.environment()["NO_PROXY"] == "example.org,kind-registry"


def test_both_ways_have_fingerprints_of_their_own():
    assert kind.key(Way.PULLED) != kind.key(Way.ASSEMBLED)

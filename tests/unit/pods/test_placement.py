import pytest

from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.runner import nodes, placement, pod
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


def term(key, *values):
    return {"matchExpressions": [{"key": key, "operator": "In", "values": list(values)}]}


PAIR = {
    "matchExpressions": [
        {"key": "name", "operator": "In", "values": ["a100"]},
        {"key": "memory", "operator": "Gt", "values": ["40000"]},
    ]
}
H100 = machine(
    cpu="12",
    memory="112Gi",
    gpu={},
    sharedMemory="56Gi",
    nodeSelectorTerms=[term("own", "H100"), term("product", "H100", "NVL"), term("gke", "h100")],
    tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}],
    driverCapabilities=["compute", "utility"],
)
A100 = machine(
    cpu="16",
    memory="60Gi",
    gpu={},
    sharedMemory="30Gi",
    nodeSelectorTerms=[term("own", "A100"), PAIR, term("product", "A100")],
    tolerations=[
        {"key": "nvidia.com/gpu", "operator": "Exists"},
        {"key": "spot", "operator": "Exists"},
    ],
    driverCapabilities=["compute", "video"],
)
L40 = machine(cpu="6", memory="100Gi", gpu={}, nodeSelectorTerms=[term("own", "L40")])


def test_one_machine_type_is_taken_as_it_is():
    assert placement.combined([H100]) is H100
    assert placement.combined([H100], 1) is H100
    assert placement.preferences([H100]) == ()


def test_gpus_are_multiplied_with_what_belongs_to_each():
    made = placement.combined([H100], 4)
    assert placement.resources(made)["limits"] == {
        "cpu": "48",
        "memory": "448Gi",
        "nvidia.com/gpu": "4",
    }
    assert made.shared_memory == "224Gi"
    two = placement.combined([machine(cpu="500m", memory="1.5Gi", gpu={"count": 2})], 3)
    amounts = {"cpu": "1500m", "memory": "4.5Gi", "nvidia.com/gpu": "6"}
    assert placement.resources(two)["requests"] == amounts


def test_a_pod_for_several_types_is_what_each_can_give():
    made = placement.combined([H100, A100, L40], 2)
    assert placement.resources(made)["limits"] == {
        "cpu": "12",
        "memory": "120Gi",
        "nvidia.com/gpu": "2",
    }
    assert made.shared_memory == "60Gi"
    spec = placement.scheduling(made)
    required = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert len(required["nodeSelectorTerms"]) == 7
    assert [t["key"] for t in spec["tolerations"]] == ["nvidia.com/gpu", "spot"]
    assert placement.variables(made) == {"NVIDIA_DRIVER_CAPABILITIES": "compute,utility,video"}


def test_one_type_that_takes_any_node_takes_any_node():
    any_node = machine()
    assert placement.combined([machine(nodeSelectorTerms=[term("own", "x")]), any_node]) == any_node


def test_nothing_is_preferred_to_a_type_that_takes_any_node():
    other = machine(nodeSelectorTerms=[term("own", "x")])
    assert placement.preferences([machine(), other, machine()]) == ()


@pytest.mark.parametrize(
    ("count", "weights"),
    [(2, [100]), (3, [100, 10]), (4, [100, 22, 5]), (9, [100, 56, 32, 18, 10, 6, 3, 2])],
)
def test_weights_fall_by_large_steps(count, weights):
    machines = [machine(nodeSelectorTerms=[term("own", str(i))]) for i in range(count)]
    assert [p["weight"] for p in placement.preferences(machines)] == weights


@pytest.mark.parametrize(
    ("labels", "score"),
    [
        ({"own": "H100"}, 100),
        ({"own": "H100", "product": "NVL", "gke": "h100"}, 100),
        ({"gke": "h100"}, 100),
        ({"own": "A100"}, 10),
        ({"own": "A100", "product": "A100"}, 10),
        ({"own": "A100", "product": "A100", "name": "a100", "memory": "81920"}, 10),
        ({"product": "A100", "name": "a100", "memory": "40"}, 10),
        ({"own": "L40"}, 0),
        ({}, 0),
    ],
)
def test_a_node_counts_once_however_many_labels_tell_what_it_is(labels, score):
    """The scheduler adds up the weights of all terms that hold."""
    made = placement.preferences([H100, A100, L40])
    found = sum(p["weight"] for p in made if nodes.satisfies(labels, p["preference"]))
    assert found == score


def test_shared_memory_and_the_drivers_parts(make_runner):
    given = samples.GPU | {"sharedMemory": "8Gi", "driverCapabilities": ["compute", "video"]}
    spec = pod.template(make_runner(machine=given))["spec"]
    [shm] = [v for v in spec["volumes"] if v["name"] == "shm"]
    assert shm["emptyDir"] == {"medium": "Memory", "sizeLimit": "8Gi"}
    [runner] = spec["containers"]
    assert {"name": "shm", "mountPath": "/dev/shm"} in runner["volumeMounts"]  # noqa: S108
    assert {"name": "NVIDIA_DRIVER_CAPABILITIES", "value": "compute,video"} in runner["env"]
    own = {"name": "NVIDIA_DRIVER_CAPABILITIES", "value": "all"}
    [runner] = pod.template(make_runner(machine=given, env=[own]))["spec"]["containers"]
    assert [v for v in runner["env"] if v["name"] == own["name"]] == [own]

"""What a runner that waits says of the nodes."""

import pytest

from falapp_operator.runner import capacity, nodes
from falapp_operator.runner.outcome import trouble
from tests.unit import samples, workloads

KEY, PRODUCT = "falapp.dev/machine", "nvidia.com/gpu.product"
ROOM = {"cpu": "64", "memory": "256Gi", "nvidia.com/gpu": "8"}
TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
SCHEDULER = (
    "0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) didn't match Pod's node"
    " affinity/selector, 1 node(s) had untolerated taint(s). preemption: 0/3 nodes are available:"
    " 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling."
)


def node(name, *, taints=(), room=ROOM, platform=samples.LINUX, **labels):
    return nodes.read(
        {
            "metadata": {"name": name, "labels": platform | labels},
            "spec": {"taints": list(taints)},
            "status": {"allocatable": room},
        }
    )


def gpu(name, machine="GPU-H100", **more):
    return node(name, **{KEY: machine}, **more)


def terms(*values):
    one = [{"key": KEY, "operator": "In", "values": list(values)}]
    other = [
        {"key": PRODUCT, "operator": "In", "values": ["H100", "H100-NVL"]},
        {"key": "memory", "operator": "Gt", "values": ["79"]},
    ]
    return [{"matchExpressions": one}, {"matchExpressions": other}]


H100 = terms("GPU-H100")


def waiting(said=SCHEDULER, *, terms=H100, gpus="1"):
    pod = workloads.runner_pod(unscheduled=said)
    needs = {"cpu": "12", "memory": "112Gi"} | ({"nvidia.com/gpu": gpus} if gpus else {})
    [runner] = pod["spec"]["containers"]
    runner["resources"] = {"requests": needs, "limits": needs}
    pod["spec"]["nodeSelector"] = samples.LINUX
    pod["spec"]["tolerations"] = [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    if terms:
        pod["spec"]["affinity"] = {"nodeAffinity": {required: {"nodeSelectorTerms": terms}}}
    return pod


def why(pod, *there, machines=("GPU-H100",)):
    return capacity.why(pod, capacity.Place(machines=machines, nodes=there))


LOOKED = (
    "looked for falapp.dev/machine in (GPU-H100) or nvidia.com/gpu.product in (H100, H100-NVL),"
    "memory > 79"
)
WAY_OUT = "add such a node or label one, or choose another machineType"


def test_no_node_is_of_the_kind():
    there = (gpu("b", "GPU-A100"), gpu("a", "GPU-A100"), node("c", **{PRODUCT: "A100"}))
    assert why(waiting(), *there) == (
        f"no node of the cluster is a GPU-H100: {LOOKED}; the nodes carry"
        f" falapp.dev/machine=GPU-A100 (2), nvidia.com/gpu.product=A100 (1); {WAY_OUT}"
    )
    assert why(waiting(), *there) == why(waiting(), *reversed(there)), "it is stable"


def test_no_node_has_any_of_the_labels():
    assert why(waiting(), node("a")) == (
        f"no node of the cluster is a GPU-H100: {LOOKED}; no node carries such a label; {WAY_OUT}"
    )
    assert why(waiting()).startswith("the cluster has no node")


def test_many_labels_and_many_terms_are_cut_short():
    there = [gpu(f"n{i}", f"GPU-{i:02}") for i in range(15)]
    many = [t for i in range(9) for t in terms(f"X{i}")]
    said = why(waiting(terms=many), *there)
    assert "GPU-11 (1) and 3 more;" in said
    assert "and 6 more; the nodes carry" in said


def test_several_kinds_will_do():
    said = why(waiting(terms=terms("GPU-H100", "GPU-A100")), machines=("GPU-H100", "GPU-A100"))
    assert "a GPU-H100 or GPU-A100" in said


@pytest.mark.parametrize(
    ("there", "reasons"),
    [
        ([gpu("a", taints=[{"key": "team", "value": "ml", "effect": "NoExecute"}])],
         "1 node is a GPU-H100, and closed to its runners: taint team=ml:NoExecute;"),
        ([gpu("a", platform={"kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64"})],
         "1 node is a GPU-H100, and closed to its runners: kubernetes.io/arch=arm64;"),
        ([gpu("a", taints=[{"key": "z", "effect": "NoSchedule"}]),
          gpu("b", taints=[{"key": "y", "effect": "NoSchedule"}]), node("c")],
         "2 nodes are a GPU-H100, and closed to its runners: taint y:NoSchedule, taint"
         " z:NoSchedule;"),
    ],
)  # fmt: skip
def test_all_nodes_of_the_kind_are_closed(there, reasons):
    assert why(waiting(), *there).startswith(reasons)


@pytest.mark.parametrize(
    ("gpus", "room", "needs"),
    [
        ("8", ROOM | {"nvidia.com/gpu": "4"}, "nvidia.com/gpu 8, of which the largest has 4;"),
        ("1", {"cpu": "1930m", "memory": "4194304Ki"},
         "cpu 12, of which the largest has 1.93, and memory 112Gi, of which the largest has 4.0Gi,"
         " and nvidia.com/gpu 1, of which the largest has 0;"),
    ],
)  # fmt: skip
def test_none_is_large_enough(gpus, room, needs):
    said = why(waiting(gpus=gpus), gpu("a", taints=[TAINT], room=room))
    start = "1 node is a GPU-H100, and none is large enough: a runner needs "
    assert said.startswith(start + needs)


def test_what_it_needs_is_on_different_nodes():
    there = (gpu("a", room=ROOM | {"cpu": "2"}), gpu("b", room=ROOM | {"memory": "1Gi"}))
    assert "a runner needs cpu 12 and memory 112Gi and nvidia.com/gpu 1 together" in why(
        waiting(), *there
    )


def test_the_nodes_of_the_kind_are_full():
    said = why(waiting(), gpu("a", taints=[TAINT]), gpu("b", "GPU-A100"), node("c"))
    assert said == (
        "1 node is a GPU-H100, and full: Insufficient nvidia.com/gpu; a runner starts by itself"
        " when one has room, or name more kinds in machineTypeFallbacks"
    )
    twice = why(waiting(), gpu("a"), machines=("GPU-H100", "GPU-A100"))
    assert twice.endswith("when one has room")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("0/3 nodes are available: 1 Too many pods, 2 Insufficient cpu.",
         "and full: Insufficient cpu, Too many pods;"),
        ("0/3 nodes are available: 2 Insufficient cpu, 1 Too many pods.",
         "and full: Insufficient cpu, Too many pods;"),
        ("0/3 nodes are available: 1 node(s) had volume node affinity conflict.",
         "and none takes a runner: node(s) had volume node affinity conflict;"),
        ("0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found.",
         "and none takes a runner: pod has unbound immediate PersistentVolumeClaims;"),
        ("", "and none has room;"),
        ("another scheduler's words", "and none has room;"),
    ],
)  # fmt: skip
def test_the_schedulers_words_without_numbers_where_all_else_fits(said, reason):
    assert reason in why(waiting(said), gpu("a"))


def test_an_app_that_any_node_will_do_for():
    said = why(waiting(terms=None, gpus=""), node("a"), machines=("S",))
    assert said.startswith("1 node is a S, and full: Insufficient nvidia.com/gpu")


def test_without_the_nodes_the_scheduler_alone_is_heard():
    found = trouble(waiting())
    assert SCHEDULER in found.message
    found = trouble(waiting(), capacity.Place(machines=("GPU-H100",), nodes=()))
    assert (found.reason, found.stalled) == ("WaitingForCapacity", False)
    assert found.message.startswith("the cluster has no node")

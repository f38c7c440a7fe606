"""Which nodes are of a kind: by Kubernetes' rules, case by case."""

import pytest

from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.runner import nodes
from tests.unit import samples

LABELS = {"gpu": "h100", "count": "8", "zone": ""}


def node(labels=(), *, taints=(), cordoned=False, name="one"):
    spec = {"taints": list(taints)} | ({"unschedulable": True} if cordoned else {})
    return nodes.read({"metadata": {"name": name, "labels": dict(labels)}, "spec": spec})


def demand(key, operator, *values):
    return {"key": key, "operator": operator} | ({"values": list(values)} if values else {})


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        (demand("gpu", "In", "a100", "h100"), True),
        (demand("gpu", "In", "a100"), False),
        (demand("none", "In", "a100"), False),
        (demand("zone", "In", ""), True),
        (demand("gpu", "NotIn", "a100"), True),
        (demand("gpu", "NotIn", "h100"), False),
        (demand("none", "NotIn", "h100"), True),
        (demand("zone", "Exists"), True),
        (demand("none", "Exists"), False),
        (demand("gpu", "DoesNotExist"), False),
        (demand("none", "DoesNotExist"), True),
        (demand("count", "Gt", "7"), True),
        (demand("count", "Gt", "8"), False),
        (demand("count", "Lt", "9"), True),
        (demand("count", "Lt", "8"), False),
        (demand("gpu", "Gt", "1"), False),
        (demand("none", "Lt", "1"), False),
        (demand("zone", "Gt", "0"), False),
        (demand("count", "Gt", "7.5"), False),
    ],
)
def test_a_demand_on_labels(given, holds):
    assert nodes.satisfies(LABELS, {"matchExpressions": [given]}) is holds


def test_all_demands_of_a_term_must_hold_and_one_of_the_terms():
    good, bad = demand("gpu", "Exists"), demand("gpu", "DoesNotExist")
    assert not nodes.satisfies(LABELS, {"matchExpressions": [good, bad]})
    assert not nodes.satisfies(LABELS, {})
    found = node(LABELS)
    assert nodes.is_of(found, [{"matchExpressions": [bad]}, {"matchExpressions": [good]}])
    assert not nodes.is_of(found, [{"matchExpressions": [bad]}])
    assert nodes.is_of(found, [])


def taint(key="gpu", value="", effect="NoSchedule"):
    return {"key": key, "effect": effect} | ({"value": value} if value else {})


@pytest.mark.parametrize(
    ("given", "toleration", "reasons"),
    [
        (taint(), {}, ("taint gpu:NoSchedule",)),
        (taint(value="x"), {"key": "gpu", "operator": "Exists"}, ()),
        (taint(value="x"), {"operator": "Exists"}, ()),
        (taint(value="x"), {"key": "gpu", "value": "x"}, ()),
        (taint(value="x"), {"key": "gpu", "operator": "Equal", "value": "x"}, ()),
        (taint(value="x"), {"key": "gpu"}, ("taint gpu=x:NoSchedule",)),
        (taint(), {"key": "gpu"}, ()),
        (taint(), {"key": "other", "operator": "Exists"}, ("taint gpu:NoSchedule",)),
        (taint(), {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}, ()),
        (
            taint(effect="NoExecute"),
            {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"},
            ("taint gpu:NoExecute",),
        ),
        (taint(effect="PreferNoSchedule"), {}, ()),
    ],
)
def test_a_taint_and_a_toleration(given, toleration, reasons):
    assert nodes.closed(node(taints=[given]), {}, [toleration]) == reasons


def test_a_cordoned_node_says_so_once():
    by_kubernetes = taint("node.kubernetes.io/unschedulable")
    for found in (node(cordoned=True), node(taints=[by_kubernetes], cordoned=True)):
        assert nodes.closed(found, {}, []) == ("cordoned",)


def test_another_platform_keeps_pods_away():
    found = node({"kubernetes.io/arch": "arm64"})
    assert nodes.closed(found, samples.LINUX, []) == (
        "no label kubernetes.io/os",
        "kubernetes.io/arch=arm64",
    )


@pytest.mark.parametrize(
    ("found", "counts"),
    [
        (node(samples.LINUX | {"nvidia.com/gpu.product": "H100"}), 1),
        (node(samples.LINUX | {"cloud.example/h100": ""}, taints=[taint("nvidia.com/gpu")]), 1),
        (node(samples.LINUX | {"nvidia.com/gpu.product": "A100"}), 0),
        (node(samples.LINUX | {"cloud.example/h100": ""}, taints=[taint("team")]), 0),
        (node(samples.LINUX | {"cloud.example/h100": ""}, cordoned=True), 0),
        (node({"cloud.example/h100": "", "kubernetes.io/arch": "arm64"}), 0),
    ],
    ids=["product", "tolerated taint", "another", "taint", "cordoned", "arm64"],
)
def test_a_machine_types_nodes_are_counted(found, counts):
    machine = MachineTypeSpec.model_validate({"cpu": "1", "memory": "1Gi"} | samples.GPU)
    assert nodes.count(machine, [found]) == counts


def test_a_machine_type_without_terms_is_at_home_on_every_open_node():
    machine = MachineTypeSpec.model_validate({"cpu": "1", "memory": "1Gi"})
    there = [node(samples.LINUX), node(samples.LINUX, taints=[taint()]), node()]
    assert nodes.count(machine, there) == 1


def test_a_node_without_anything_can_be_read():
    found = nodes.read({"metadata": {"name": "bare"}})
    assert (found.labels, found.taints, found.allocatable) == ({}, (), {})

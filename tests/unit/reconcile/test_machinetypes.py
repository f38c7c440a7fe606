import pytest

from falapp_operator.api import meta
from falapp_operator.errors import ConflictError, MissingError, TransientError
from falapp_operator.reconcile import machinetypes
from tests.unit import samples
from tests.unit.reconcile import fake

H100 = {"cpu": "12", "memory": "120Gi", "sharedMemory": "60Gi", **samples.GPU}


@pytest.fixture
def chart(world):
    """The world with machine types in its settings, and none in the cluster."""
    world.cluster = fake.Cluster()
    machines = {"S": {"cpu": "1", "memory": "1Gi"}, "GPU-H100": H100}
    world.settings = samples.settings(machineTypes=machines)
    return world


async def passed(world):
    del world.cluster.writes[:]
    assert await machinetypes.reconcile(world.context, machinetypes.KEY) is None
    return list(world.cluster.writes)


async def test_the_charts_machine_types_are_applied_once(chart):
    assert await passed(chart) == ["apply MachineType s", "apply MachineType gpu-h100"]
    made = chart.cluster.find("MachineType", "gpu-h100")
    assert made["spec"] == H100
    assert made["metadata"]["labels"] == {meta.LABEL_MANAGED_BY: meta.MANAGED_BY}
    assert await passed(chart) == []


async def test_with_an_index_of_pytorch_each_type_gets_its_profile(chart):
    own = {"accelerator": "cuda", "cudaVersion": "11.8"}
    elsewhere = {"accelerator": "cpu", "pytorchIndex": "https://mirror.example/any"}
    amd = {"gpu": {"resource": "amd.com/gpu", "count": 1}}
    machines = {
        "S": {"cpu": "1", "memory": "1Gi"},
        "GPU-H100": H100,
        "OLD": H100 | {"profile": own},
        "MIRROR": {"cpu": "1", "memory": "1Gi", "profile": elsewhere},
        "AMD": H100 | amd,
    }
    told = {"index": "https://p.example/whl/", "cudaVersion": "12.6"}
    chart.settings = samples.settings(machineTypes=machines, pytorch=told)
    await passed(chart)
    profiles = {n: chart.cluster.find("MachineType", n.lower())["spec"] for n in machines}
    assert {name: spec.get("profile") for name, spec in profiles.items()} == {
        "S": {"accelerator": "cpu", "pytorchIndex": "https://p.example/whl/cpu"},
        "GPU-H100": {
            "accelerator": "cuda",
            "cudaVersion": "12.6",
            "pytorchIndex": "https://p.example/whl/cu126",
        },
        "OLD": own | {"pytorchIndex": "https://p.example/whl/cu118"},
        "MIRROR": elsewhere,
        "AMD": None,
    }


async def test_without_an_index_a_type_has_the_profile_that_it_is_given_alone(chart):
    cpu = {"accelerator": "cpu"}
    machines = {"S": {"cpu": "1", "memory": "1Gi"}, "OWN": H100 | {"profile": cpu}}
    chart.settings = samples.settings(machineTypes=machines)
    await passed(chart)
    assert "profile" not in chart.cluster.find("MachineType", "s")["spec"]
    assert chart.cluster.find("MachineType", "own")["spec"]["profile"] == cpu


EDITS = {
    "a field with another value": (H100 | {"cpu": "64"}),
    "a field taken out": {k: v for k, v in H100.items() if k != "sharedMemory"},
    "a field inside one taken out": H100 | {"gpu": {"resource": "nvidia.com/gpu"}},
    "a field added": H100 | {"driverCapabilities": ["all"]},
}


def newer(**changes):
    """Return the settings of a later chart."""
    return samples.settings(machineTypes={"GPU-H100": H100 | changes})


@pytest.mark.parametrize("spec", EDITS.values(), ids=EDITS)
async def test_what_an_administrator_changed_stays(chart, caplog, spec):
    """Whole, with this chart and with a later one."""
    await passed(chart)
    chart.cluster.change("MachineType", "gpu-h100", spec=spec)
    for settings in (chart.settings, newer(memory="240Gi")):
        caplog.clear()
        chart.settings = settings
        await passed(chart)
        assert chart.cluster.find("MachineType", "gpu-h100")["spec"] == spec
        assert "MachineType gpu-h100 was changed in the cluster" in caplog.text
        assert "MachineType s" not in caplog.text


async def test_what_an_administrator_changed_is_the_charts_again_once_that_has_it(chart, caplog):
    await passed(chart)
    chart.cluster.change("MachineType", "gpu-h100", spec=H100 | {"memory": "240Gi"})
    chart.settings = newer(memory="240Gi")
    assert await passed(chart) == ["apply MachineType gpu-h100"]
    assert await passed(chart) == []
    chart.settings = newer(memory="480Gi")
    await passed(chart)
    assert chart.cluster.find("MachineType", "gpu-h100")["spec"]["memory"] == "480Gi"
    assert caplog.text == ""


async def test_a_machine_type_that_was_there_already_stays(chart):
    chart.cluster.put(samples.machine_type("s", cpu="64"))
    assert await passed(chart) == ["apply MachineType gpu-h100"]
    assert chart.cluster.find("MachineType", "s")["spec"]["cpu"] == "64"
    assert chart.cluster.find("MachineType", "gpu-h100") is not None


async def test_what_another_one_set_at_this_moment_stays(chart, caplog):
    """The API server refuses what would take it over."""
    chart.cluster.trouble["apply MachineType"] = ConflictError("conflict with kubectl-edit")
    await passed(chart)
    assert "MachineType s was changed in the cluster" in caplog.text
    assert "MachineType gpu-h100 was changed in the cluster" in caplog.text


async def test_a_machine_type_that_cannot_be_written_keeps_back_no_other(chart):
    chart.cluster.trouble["apply MachineType"] = TransientError("500")
    with pytest.raises(TransientError, match=r"machineTypes\.S: 500; machineTypes\.GPU-H100: 500"):
        await passed(chart)


async def test_a_new_version_of_the_chart_changes_its_own(chart):
    await passed(chart)
    chart.settings = samples.settings(machineTypes={"S": {"cpu": "1", "memory": "2Gi"}})
    assert await passed(chart) == ["apply MachineType s"]
    assert chart.cluster.find("MachineType", "s")["spec"]["memory"] == "2Gi"


def managed(names, manager="falapp-operator"):
    """Return the API server's entry about who set which fields of a spec."""
    fields = {f"f:{name}": {} for name in names if name != "gpu"}
    if "gpu" in names:
        fields["f:gpu"] = {".": {}, "f:count": {}, "f:resource": {}}
    return {"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": fields}}


@pytest.mark.parametrize("manager", ["nobody", "kubectl-edit"])
async def test_a_default_that_a_newer_definition_adds_is_no_edit(chart, manager):
    await passed(chart)
    live = chart.cluster.find("MachineType", "gpu-h100")
    spec = live["spec"] | {"ofTheFuture": 1, "gpu": live["spec"]["gpu"] | {"share": 1}}
    others = [managed(["ofTheFuture"], manager)] if manager != "nobody" else []
    who = {"managedFields": [managed(H100), *others]}
    chart.cluster.change("MachineType", "gpu-h100", spec=spec, metadata=live["metadata"] | who)
    assert await passed(chart) == []
    chart.settings = newer(memory="240Gi")
    await passed(chart)
    memory = chart.cluster.find("MachineType", "gpu-h100")["spec"]["memory"]
    assert memory == ("240Gi" if manager == "nobody" else H100["memory"])


async def test_what_a_former_operator_applied_is_known_again(chart):
    """As version 0.1 stamped it; a stamp of another kind would make every type an edited one."""
    await passed(chart)
    live = chart.cluster.find("MachineType", "s")
    assert live["metadata"]["annotations"] == {meta.ANNOTATION_APPLIED: "c0d39dfa5f39d786"}


def node(name, *, taints=(), **labels):
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": samples.metadata(name, "", labels=samples.LINUX | labels),
        "spec": {"taints": list(taints)},
    }


PRODUCT = "nvidia.com/gpu.product"


@pytest.fixture
def counting(world):
    """A world with two machine types and three nodes, one of them with a GPU."""
    world.cluster.put(samples.machine_type("gpu-h100", **samples.GPU))
    taint = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
    for obj in (node("a"), node("b"), node("g", taints=[taint], **{PRODUCT: "H100"})):
        world.cluster.put(obj)
    return world


async def counted(world):
    del world.cluster.writes[:]
    world.again = await machinetypes.count(world.context, machinetypes.COUNT)
    return list(world.cluster.writes)


async def test_nodes_are_counted_and_written_where_the_number_is_another(counting):
    assert await counted(counting) == ["status MachineType gpu-h100", "status MachineType s"]
    assert counting.again == counting.settings.resync_seconds
    for name, nodes in (("gpu-h100", 1), ("s", 2)):
        assert counting.cluster.find("MachineType", name)["status"] == {"nodes": nodes}
    counting.wait(60)
    assert await counted(counting) == []
    counting.cluster.put(node("h", **{PRODUCT: "H100"}))
    counting.wait(60)
    await counted(counting)
    assert counting.cluster.find("MachineType", "gpu-h100")["status"] == {"nodes": 2}
    assert counting.cluster.find("MachineType", "s")["status"] == {"nodes": 3}
    for name in "abgh":
        counting.cluster.remove("Node", name)
    counting.wait(60)
    await counted(counting)
    assert counting.cluster.find("MachineType", "s")["status"] == {"nodes": 0}


async def test_nothing_is_written_after_a_restart(counting):
    await counted(counting)
    counting.restart()
    assert await counted(counting) == []
    assert counting.woken == []


async def test_a_crowd_of_nodes_is_counted_once_in_a_while(counting):
    await counted(counting)
    counting.wait(2)
    counting.cluster.put(node("h", **{PRODUCT: "H100"}))
    assert await counted(counting) == []
    assert counting.again == 3
    assert counting.cluster.reads["list Node"] == 1
    counting.wait(3)
    assert await counted(counting) == ["status MachineType gpu-h100", "status MachineType s"]


async def test_what_cannot_be_counted_keeps_back_nobody(counting):
    """A machine type of a newer operator, and one that is deleted at this moment."""
    counting.cluster.put(samples.machine_type("a-future", ofTheFuture=1))
    assert await counted(counting) == ["status MachineType gpu-h100", "status MachineType s"]
    counting.wait(60)
    counting.cluster.remove("Node", "a")
    counting.cluster.trouble["status MachineType"] = MissingError("gone")
    assert await counted(counting) == ["status MachineType s"]
    assert counting.again == counting.settings.resync_seconds

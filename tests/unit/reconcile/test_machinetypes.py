import pytest

from falapp_operator.api import meta
from falapp_operator.reconcile import machinetypes
from tests.unit import samples
from tests.unit.reconcile import fake

H100 = {"cpu": "12", "memory": "120Gi", **samples.GPU}


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


async def test_what_an_administrator_changed_stays(chart):
    await passed(chart)
    chart.cluster.change("MachineType", "s", spec={"cpu": "2", "memory": "1Gi"})
    await passed(chart)
    assert chart.cluster.find("MachineType", "s")["spec"]["cpu"] == "2"


async def test_a_machine_type_that_was_there_already_stays(chart):
    chart.cluster.put(samples.machine_type("s", cpu="64"))
    assert await passed(chart) == ["apply MachineType s", "apply MachineType gpu-h100"]
    assert chart.cluster.find("MachineType", "s")["spec"]["cpu"] == "64"
    assert chart.cluster.find("MachineType", "gpu-h100") is not None


async def test_a_new_version_of_the_chart_changes_its_own(chart):
    await passed(chart)
    chart.settings = samples.settings(machineTypes={"S": {"cpu": "1", "memory": "2Gi"}})
    assert await passed(chart) == ["apply MachineType s"]
    assert chart.cluster.find("MachineType", "s")["spec"]["memory"] == "2Gi"

"""What passes over FalApps make of their machine types."""

from falapp_operator.reconcile import falapps
from falapp_operator.reconcile.context import ENVIRONMENT, FALAPP, MACHINE_TYPE
from falapp_operator.reconcile.queue import Key
from tests.unit import samples


async def test_no_app_waits_for_a_machine_type_that_came(world):
    world.cluster.put(samples.app(machineType="GPU-H100"))
    assert await world.reconcile_app() == ["status FalApp hello"]
    status = world.status()
    assert status["conditions"]["Stalled"]["reason"] == "UnknownMachineType"
    assert "'GPU-H100'" in status["failure"]["message"]
    assert "use one of: s" in status["failure"]["message"]
    world.cluster.put(samples.machine_type("gpu-h100", **samples.GPU))
    await falapps.reconcile_machine_type(world.context, Key(MACHINE_TYPE, "", "gpu-h100"))
    assert world.woken == [Key(FALAPP, samples.NAMESPACE, "hello")]
    await world.reconcile_app()
    assert world.status()["conditions"]["Stalled"]["status"] == "False"


async def test_a_machine_type_of_a_newer_operator_is_said_to_be_unreadable(world):
    world.cluster.put(samples.machine_type(ofTheFuture=1))
    world.cluster.put(samples.app())
    assert await world.reconcile_app() == ["status FalApp hello"]
    failure = world.status()["failure"]
    assert failure["reason"] == "InvalidSpec"
    assert failure["message"].startswith("MachineType 's': spec.ofTheFuture: ")
    assert await world.reconcile_app() == []


async def test_a_machine_type_wakes_its_apps_alone(world):
    for name, asked in (("a", None), ("b", "S"), ("c", "s"), ("d", "GPU-H100")):
        world.cluster.put(samples.app(name, machineType=asked))
    await falapps.reconcile_machine_type(world.context, Key(MACHINE_TYPE, "", "s"))
    assert [key.name for key in world.woken] == ["a", "b", "c"]


async def test_apps_on_machines_of_one_profile_share_an_environment(world):
    cpu, cuda = {"accelerator": "cpu"}, {"accelerator": "cuda", "cudaVersion": "12.8"}
    for name, profile in {"a": cpu, "b": cpu, "c": cuda, "d": None}.items():
        world.cluster.put(samples.machine_type(name, **({"profile": profile} if profile else {})))
        world.cluster.put(samples.app(name, machineType=name))
        await falapps.reconcile(world.context, Key(FALAPP, samples.NAMESPACE, name))
    owners = {
        tuple(o["name"] for o in found["metadata"]["ownerReferences"]): found["spec"].get("profile")
        for where, found in world.cluster.objects.items()
        if where.kind == ENVIRONMENT
    }
    assert owners == {("a", "b"): cpu, ("c",): cuda, ("d",): None}

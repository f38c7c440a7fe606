"""What passes over FalApps make of their machine types."""

import asyncio

from falapp_operator.errors import ForbiddenError
from falapp_operator.reconcile import falapps, machinetypes
from falapp_operator.reconcile.context import ENVIRONMENT, FALAPP, MACHINE_TYPE
from falapp_operator.reconcile.queue import Key
from tests.unit import samples, workloads


async def test_no_app_waits_for_a_machine_type_that_came(world):
    world.cluster.put(samples.app(machineType="GPU-H100"))
    assert await world.reconcile_app() == ["status FalApp hello"]
    status = world.status()
    assert status["conditions"]["Stalled"]["reason"] == "UnknownMachineType"
    assert "'GPU-H100'" in status["failure"]["message"]
    assert "use one of: s" in status["failure"]["message"]
    world.cluster.put(samples.machine_type("gpu-h100", **samples.GPU))
    await machinetypes.changed(world.context, Key(MACHINE_TYPE, "", "gpu-h100"))
    assert world.woken == [Key(FALAPP, samples.NAMESPACE, "hello"), machinetypes.COUNT]
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


ASKING = (
    ("a", None, None),
    ("b", "S", None),
    ("c", "s", None),
    ("d", "GPU-H100", None),
    ("e", "GPU-H100", ["GPU-A100", "S"]),
)


async def woken(world):
    world.woken.clear()
    await machinetypes.changed(world.context, Key(MACHINE_TYPE, "", "s"))
    return [key.name for key in world.woken if key.kind == FALAPP]


async def test_a_machine_type_wakes_the_apps_alone_that_accept_it(world):
    for name, asked, fallbacks in ASKING:
        world.cluster.put(samples.app(name, machineType=asked, machineTypeFallbacks=fallbacks))
        await world.reconcile_app(name)
    assert await woken(world) == ["a", "b", "c", "e"]
    world.cluster.change(MACHINE_TYPE, "s", spec={"cpu": "2", "memory": "1Gi"})
    world.cluster.change(FALAPP, "b", spec=samples.app_spec(machineType="GPU-H100"))
    world.cluster.remove(FALAPP, "c")
    for name in "bc":
        await world.reconcile_app(name)
    assert await woken(world) == ["a", "e"]


async def test_a_restart_lists_no_apps_for_its_machine_types(world):
    """Each holds its code: 18 lists of a thousand of them at once are too much to remember."""
    for n in range(18):
        world.cluster.put(samples.machine_type(f"m{n}"))
        world.cluster.put(samples.app(f"app-{n}", machineType=f"M{n}"))
    await asyncio.gather(
        *(machinetypes.changed(world.context, Key(MACHINE_TYPE, "", f"m{n}")) for n in range(18))
    )
    assert not any(read.endswith(FALAPP) for read in world.cluster.reads), world.cluster.reads
    assert set(world.woken) == {machinetypes.COUNT}


async def test_a_machine_type_that_changes_while_a_pass_looks_at_it_wakes_the_app_again(world):
    """Of one that changes before, the pass sees what has become of it."""
    world.cluster.put(samples.app())
    get, seen = world.cluster.get, []

    async def changing(where):
        found = await get(where)
        if where.kind == MACHINE_TYPE and not seen:
            seen.append(where)
            assert await woken(world) == ["hello"]
        return found

    world.cluster.get = changing
    await world.reconcile_app()
    assert seen


async def test_a_machine_type_of_which_only_the_status_changed_wakes_nobody(world):
    world.cluster.put(samples.app())
    await world.reconcile_app()
    assert await woken(world) == ["hello"]
    world.cluster.change(MACHINE_TYPE, "s", status={"nodes": 7})
    assert await woken(world) == []
    assert world.woken == []
    world.cluster.change(MACHINE_TYPE, "s", spec={"cpu": "2", "memory": "1Gi"})
    assert await woken(world) == ["hello"]
    assert await woken(world) == []
    world.cluster.remove(MACHINE_TYPE, "s")
    assert await woken(world) == ["hello"]
    world.cluster.put(samples.machine_type())
    assert await woken(world) == ["hello"]


async def test_the_apps_of_a_deleted_machine_type_keep_running(world):
    await world.serve(samples.app())
    before = world.cluster.find("Deployment")
    world.cluster.remove(MACHINE_TYPE, "s")
    assert await world.reconcile_app() == ["status FalApp hello"]
    status = world.status()
    assert status["conditions"]["Stalled"]["reason"] == "UnknownMachineType"
    assert status["readyReplicas"] == 1
    assert world.cluster.find("Deployment") == before
    assert world.cluster.names("Pod") == ["hello-1"]
    world.cluster.put(samples.machine_type())
    assert await world.reconcile_app() == ["status FalApp hello"]
    assert world.status()["conditions"]["Ready"]["reason"] == "RunnersReady"
    assert world.cluster.find("Deployment") == before


async def test_a_changed_machine_type_rolls_out_as_any_other_change(world):
    await world.serve(samples.app())
    world.cluster.change(MACHINE_TYPE, "s", spec={"cpu": "2", "memory": "1Gi"})
    assert await world.reconcile_app() == ["apply Deployment hello", "status FalApp hello"]
    [runner] = world.cluster.find("Deployment")["spec"]["template"]["spec"]["containers"]
    assert runner["resources"]["limits"]["cpu"] == "2"
    status = world.status()
    assert status["conditions"]["Ready"]["reason"] == "Starting"
    assert (
        "1 runner of the former revision still serves" in status["conditions"]["Ready"]["message"]
    )


WAITING = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."


def node(name, **labels):
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": samples.metadata(name, "", labels=samples.LINUX | labels),
        "spec": {},
        "status": {"allocatable": {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "8"}},
    }


async def test_an_app_that_waits_says_what_the_nodes_are_and_hears_of_new_ones(world):
    world.cluster.put(samples.machine_type("gpu-h100", **samples.GPU))
    world.cluster.put(node("one", **{"nvidia.com/gpu.product": "A100"}))
    await world.serve(samples.app(machineType="GPU-H100"))
    assert world.cluster.reads["list Node"] == 0, "a healthy app needs no list of nodes"
    pod = workloads.runner_pod(unscheduled=WAITING)
    template = world.cluster.find("Deployment")["spec"]["template"]["spec"]
    pod["spec"] = template
    world.start_runners(pod)
    assert await world.reconcile_app() == ["status FalApp hello"]
    ready = world.status()["conditions"]["Ready"]
    assert ready["reason"] == "WaitingForCapacity"
    assert ready["message"] == (
        "0 of 1 runners are ready; no node of the cluster is a GPU-H100: looked for"
        " nvidia.com/gpu.product in (H100) or cloud.example/h100; the nodes carry"
        " nvidia.com/gpu.product=A100 (1); add such a node or label one, or choose another"
        " machineType"
    )
    assert await world.reconcile_app() == []
    assert world.cluster.reads["list Node"] == 1, "one list serves all for some seconds"
    world.cluster.put(node("two", **{"nvidia.com/gpu.product": "H100"}))
    world.woken.clear()
    world.wait(6)
    await machinetypes.count(world.context, machinetypes.COUNT)
    assert world.woken == [Key(FALAPP, samples.NAMESPACE, "hello")]
    await world.reconcile_app()
    assert (
        "1 node is a GPU-H100, and none has room"
        in world.status()["conditions"]["Ready"]["message"]
    )
    world.start_runners(workloads.runner_pod())
    await world.reconcile_app()
    assert not world.shared.nodes.waiting


async def test_a_pod_that_waits_where_the_operator_restarted_costs_one_list(world):
    world.cluster.put(node("one"))
    await world.serve(samples.app())
    world.start_runners(workloads.runner_pod(unscheduled=WAITING))
    await world.reconcile_app()
    world.restart()
    assert await world.reconcile_app() == []
    assert world.shared.nodes.waiting == {Key(FALAPP, samples.NAMESPACE, "hello")}


async def test_fallbacks_and_gpus_reach_the_pod(world):
    size = {"cpu": "2", "memory": "2Gi"}
    world.cluster.put(samples.machine_type("gpu-h100", **samples.GPU | {"cpu": "4"}))
    world.cluster.put(samples.machine_type("gpu-x", **samples.GPU | size))
    app = samples.app(machineType="GPU-H100", machineTypeFallbacks=["GPU-X"], numGPUs=2)
    await world.serve(app)
    spec = world.cluster.find("Deployment")["spec"]["template"]["spec"]
    limits = {"cpu": "4", "memory": "2Gi", "nvidia.com/gpu": "2"}
    assert spec["containers"][0]["resources"] == {"limits": limits, "requests": limits}
    assert set(spec["affinity"]["nodeAffinity"]) == {
        "requiredDuringSchedulingIgnoredDuringExecution",
        "preferredDuringSchedulingIgnoredDuringExecution",
    }
    assert await world.reconcile_app() == [], "it stays as it is"
    world.cluster.remove(MACHINE_TYPE, "gpu-x")
    assert await world.reconcile_app() == ["status FalApp hello"]
    failure = world.status()["failure"]
    assert failure["reason"] == "UnknownMachineType"
    assert "machineTypeFallbacks: there is no MachineType 'GPU-X'" in failure["message"]


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


async def test_who_may_not_list_nodes_hears_the_scheduler_alone(world):
    await world.serve(samples.app())
    world.start_runners(workloads.runner_pod(unscheduled=WAITING))
    world.cluster.trouble["list Node"] = ForbiddenError("403")
    assert await world.reconcile_app() == ["status FalApp hello"]
    assert WAITING in world.status()["conditions"]["Ready"]["message"]

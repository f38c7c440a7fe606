"""Passes over a FalApp, against an API server in memory."""

import copy

import pytest

from falapp_operator import errors
from falapp_operator.api.objects import owner_reference
from falapp_operator.reconcile.context import FALAPP, MACHINE_TYPE
from tests.unit import samples, workloads

SECRET = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "hf", "key": "token"}}}


@pytest.mark.parametrize(
    ("machine", "spec"),
    [
        ({}, {}),
        ({"cpu": "0.5", "memory": "1.5Gi"}, {}),
        ({"cpu": "1000m", "memory": "1024Mi"}, {"env": [{"name": "EMPTY", "value": ""}, SECRET]}),
        (
            samples.GPU | {"tolerations": [{"key": "gpu", "operator": "Equal", "value": ""}]},
            {"replicas": 1, "startupTimeout": "20m"},
        ),
        ({}, {"requirements": None, "requirementLayers": [["a"], ["b"]]}),
        ({}, {"requirements": None}),
    ],
    ids=["plain", "amounts", "empty value", "gpu", "layers", "no requirements"],
)
async def test_a_second_pass_writes_nothing(world, machine, spec):
    world.cluster.put(samples.machine_type(**machine))
    world.cluster.put(samples.app(**spec))

    written = await world.reconcile_app()
    name = world.cluster.find("Environment")["metadata"]["name"]
    assert written == [f"apply Environment {name}", "status FalApp hello"]
    assert await world.reconcile_app() == []

    world.cluster.change("Environment", status=samples.BUILT)
    source, *others = await world.reconcile_app()
    assert source.startswith("apply ConfigMap hello-source-")
    made = ("Deployment", "Service")
    assert others == [*(f"apply {kind} hello" for kind in made), "status FalApp hello"]
    assert await world.reconcile_app() == []

    world.start_runners(workloads.runner_pod())
    assert await world.reconcile_app() == ["status FalApp hello"]
    world.wait(300)
    assert await world.reconcile_app() == []
    assert world.again == 300


async def test_from_nothing_to_ready(world):
    app = samples.app()
    world.cluster.put(app)
    await world.reconcile_app()
    environment = world.cluster.find("Environment")
    assert environment["metadata"]["ownerReferences"] == [owner_reference(app, controller=False)]
    assert world.cluster.find("Deployment") is None
    assert world.status()["conditions"]["Ready"]["reason"] == "EnvironmentNotReady"

    world.cluster.change("Environment", status=samples.BUILT)
    await world.reconcile_app()
    pod = world.cluster.find("Deployment")["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == samples.IMAGE
    assert world.cluster.find("ConfigMap")["data"] == {"app.py": samples.CODE}
    assert world.status()["conditions"]["Ready"]["reason"] == "Starting"

    world.start_runners(workloads.runner_pod())
    await world.reconcile_app()
    status = world.status()
    assert status["conditions"]["Ready"]["status"] == "True"
    assert status["observedGeneration"] == 1
    assert status["environment"]["image"] == samples.IMAGE
    assert (status["replicas"], status["readyReplicas"]) == (1, 1)
    assert status["selector"] == "falapp.dev/app=hello"
    assert status["url"] == "http://hello.video.svc"


async def test_the_time_of_a_condition_moves_with_its_status_alone(world):
    await world.serve(samples.app())
    before = world.status()["conditions"]["Ready"]["lastTransitionTime"]
    world.wait(60)
    world.cluster.change(FALAPP, spec=samples.app_spec(replicas=2))
    await world.reconcile_app()
    after = world.status()["conditions"]
    assert before == samples.at()
    assert after["Ready"]["status"] == "False"
    assert after["Ready"]["lastTransitionTime"] == samples.at(60)
    assert after["EnvironmentReady"]["lastTransitionTime"] == samples.at()
    assert {c["observedGeneration"] for c in after.values()} == {2}


@pytest.mark.parametrize("deleted", [True, False])
async def test_a_deleted_app_is_left_to_the_garbage_collector(world, deleted):
    if not deleted:  # on its way out, as with a foreground deletion
        app = samples.app()
        app["metadata"]["deletionTimestamp"] = samples.at()
        world.cluster.put(app)
    assert await world.reconcile_app() == []
    assert world.again is None


async def test_deleting_the_app_leaves_nothing_behind(world):
    await world.serve(samples.app())
    world.cluster.remove("Pod")  # by its ReplicaSet's garbage collection
    world.cluster.remove(FALAPP)
    assert {where.kind for where in world.cluster.objects} == {MACHINE_TYPE}


async def test_changed_code_builds_nothing(world):
    await world.serve(samples.app())
    old = world.cluster.find("ConfigMap")["metadata"]["name"]
    files = {"source": {"inline": {"app.py": samples.CODE + "# more\n"}}}
    world.cluster.change(FALAPP, spec=samples.app_spec(**files))
    await world.reconcile_app()
    assert len(world.cluster.names("ConfigMap")) == 2
    assert len(world.cluster.names("Environment")) == 1
    assert world.status()["conditions"]["Ready"]["reason"] == "Starting"

    world.start_runners(workloads.runner_pod("hello-2"))
    written = await world.reconcile_app()
    assert written == [f"delete ConfigMap {old}", "status FalApp hello"]
    assert await world.reconcile_app() == []


async def test_old_keeps_serving_while_new_packages_are_built(world):
    await world.serve(samples.app())
    before = world.cluster.find("Deployment")
    (old,) = world.cluster.names("Environment")
    spec = samples.app_spec(
        requirements=["requests==2.32.4"], source={"inline": {"app.py": "# new\n"}}
    )
    world.cluster.change(FALAPP, spec=spec)
    await world.reconcile_app()
    (new,) = set(world.cluster.names("Environment")) - {old}
    assert world.cluster.find("Deployment") == before
    assert world.status()["conditions"]["Ready"]["message"].endswith(
        "1 runner of the former revision still serves"
    )
    assert await world.reconcile_app() == []

    world.cluster.change("Environment", new, status=samples.BUILT)
    await world.reconcile_app()
    assert world.cluster.find("Deployment") != before
    assert old in world.cluster.names("Environment")

    world.start_runners(workloads.runner_pod("hello-2"))
    await world.reconcile_app()
    assert world.cluster.names("Environment") == [new]
    assert len(world.cluster.names("ConfigMap")) == 1
    assert await world.reconcile_app() == []


async def test_a_fixed_spec_is_not_stalled_by_its_former_runners(world):
    await world.serve(samples.app())
    failure = '{"reason": "SetupFailed", "message": "no module", "logTail": "…"}'
    world.start_runners(
        workloads.runner_pod(
            containers=[
                workloads.waiting(
                    "runner", "CrashLoopBackOff", last=workloads.ended(1, None, failure)
                )
            ]
        )
    )
    await world.reconcile_app()
    assert world.status()["conditions"]["Stalled"]["reason"] == "SetupFailed"
    world.cluster.change(FALAPP, spec=samples.app_spec(requirements=["requests", "the-module"]))
    await world.reconcile_app()
    status = world.status()
    assert status["conditions"]["Stalled"]["status"] == "False"
    assert status["conditions"]["Ready"]["reason"] == "EnvironmentNotReady"
    assert "failure" not in status


async def test_what_somebody_changed_by_hand_is_put_right(world):
    await world.serve(samples.app())
    spec = copy.deepcopy(world.cluster.find("Service")["spec"]) | {"selector": {"app": "other"}}
    world.cluster.change("Service", spec=spec)
    assert await world.reconcile_app() == ["apply Service hello"]
    assert world.cluster.find("Service")["spec"]["selector"]["falapp.dev/app"] == "hello"
    scaled = copy.deepcopy(world.cluster.find("Deployment")["spec"]) | {"replicas": 7}
    world.cluster.change("Deployment", spec=scaled)
    assert await world.reconcile_app() == ["apply Deployment hello"]


@pytest.mark.parametrize("kind", ["Deployment", "Service", "PodDisruptionBudget"])
async def test_nothing_is_taken_from_somebody_else(world, kind):
    versions = {"Deployment": "apps/v1", "Service": "v1", "PodDisruptionBudget": "policy/v1"}
    foreign = {
        "apiVersion": versions[kind],
        "kind": kind,
        "metadata": samples.metadata("hello"),
        "spec": {"template": {"metadata": {}}},
    }
    world.cluster.put(foreign)
    world.cluster.put(samples.app(replicas=2))
    assert await world.reconcile_app() == ["status FalApp hello"]
    status = world.status()
    assert status["conditions"]["Stalled"]["reason"] == "NameTaken"
    assert kind in status["failure"]["message"]
    assert await world.reconcile_app() == []


async def test_an_app_that_waits_for_a_config_map_looks_again_soon(world):
    world.cluster.put(samples.app(source={"configMap": {"name": "files"}}))
    assert await world.reconcile_app() == ["status FalApp hello"]
    assert world.status()["conditions"]["Stalled"]["reason"] == "ConfigMapNotFound"
    assert world.again == 10
    files = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": samples.metadata("files"),
        "data": {"app.py": samples.CODE},
    }
    world.cluster.put(files)
    await world.reconcile_app()
    assert world.status()["conditions"]["Stalled"]["status"] == "False"
    assert world.cluster.find("Environment") is not None


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"replicas": -1}, "spec.replicas"),
        ({"entrypoint": "../app.py"}, "spec.entrypoint"),
        ({"requirements": [""]}, "spec.requirements[0]"),
        ({"unknown": "s3cr3t"}, "spec.unknown"),
    ],
)
async def test_a_spec_that_cannot_be_read_is_a_condition(world, spec, field):
    world.cluster.put(samples.app(**spec))
    assert await world.reconcile_app() == ["status FalApp hello"]
    status = world.status()
    assert status["conditions"]["Stalled"]["status"] == "True"
    assert status["conditions"]["Ready"]["reason"] == "InvalidSpec"
    assert status["failure"]["message"].startswith(f"{field}: ")
    assert "s3cr3t" not in status["failure"]["message"]
    assert await world.reconcile_app() == []
    world.cluster.change(FALAPP, spec=samples.app_spec())
    await world.reconcile_app()
    assert world.status()["conditions"]["Stalled"]["status"] == "False"


@pytest.mark.parametrize(
    "failing",
    ["get Deployment", "list Pod", "get Environment", "get MachineType", "apply Service"],
)
@pytest.mark.parametrize("error", [errors.TransientError("no answer"), errors.ConflictError("old")])
async def test_an_api_server_in_trouble_is_not_a_bug(world, failing, error):
    """The queue tells transient errors from bugs by their type, so they must arrive as they are."""
    await world.serve(samples.app())
    world.cluster.remove("Service")
    world.cluster.trouble[failing] = error
    with pytest.raises(type(error)) as raised:
        await world.reconcile_app()
    assert raised.value is error


async def test_a_pass_reads_a_fixed_number_of_times(world):
    await world.serve(samples.app())
    world.cluster.reads.clear()
    await world.reconcile_app()
    assert sum(world.cluster.reads.values()) <= 8

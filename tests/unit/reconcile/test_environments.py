"""Passes over an Environment, against an API server and a registry in memory."""

import copy
import json

import pytest

from falapp_operator import errors
from falapp_operator.api.objects import owner_reference
from falapp_operator.environment import key as keys
from falapp_operator.environment.job import CUSTOM_CA
from falapp_operator.reconcile.context import ENVIRONMENT
from tests.unit import samples, workloads
from tests.unit.workloads import running, terminated, waiting

SPEC = samples.environment_spec()
NAME, TAG = keys.name(SPEC, samples.NAMESPACE), keys.tag(SPEC, samples.NAMESPACE)
PUBLISHED = {"digest": samples.DIGEST, "packages": 5}


def progress(world, *, status=None, containers=()):
    """Have the build's Job and pod get on."""
    job = world.cluster.find("Job")
    if status:
        world.cluster.change("Job", status=status)
    for old in world.cluster.names("Pod"):
        world.cluster.remove("Pod", old)
    if containers:
        pod = workloads.build_pod(NAME, *containers)
        pod["metadata"]["ownerReferences"][0]["uid"] = job["metadata"]["uid"]
        world.cluster.put(pod)


def fail(world, reason, message="why", since=30):
    report = json.dumps({"reason": reason, "message": message, "logTail": "last line"})
    progress(
        world,
        status=workloads.failed(since=since),
        containers=[
            terminated("tools"),
            terminated("resolve", 1, message=report),
            *(waiting(s, "PodInitializing") for s in ("plan", "wheels", "sources")),
            waiting("publish", "PodInitializing"),
        ],
    )


def succeed(world, message=None):
    message = json.dumps(PUBLISHED) if message is None else message
    steps = (*(terminated(s) for s in ("tools", "resolve", "plan", "wheels", "sources")),)
    ended = terminated("publish", message=message)
    progress(world, status=workloads.complete(), containers=[*steps, ended])


async def start(world):
    """Start the build, one second after the Environment was made."""
    world.cluster.put(samples.environment())
    written = await world.reconcile_environment()
    world.cluster.change("Job", status=workloads.job(NAME)["status"])
    return written


async def test_every_second_pass_writes_nothing(world):
    written = await start(world)
    assert written == [
        f"create Job {NAME}",
        f"apply ConfigMap {NAME}",
        f"status Environment {NAME}",
    ]
    assert await world.reconcile_environment() == []
    for containers in (
        [running("tools")],
        [terminated("tools"), running("resolve")],
        [terminated("tools"), terminated("resolve"), running("plan")],
        [*(terminated(s) for s in ("tools", "resolve", "plan")), running("wheels")],
    ):
        progress(world, containers=containers)
        assert await world.reconcile_environment() == [f"status Environment {NAME}"]
        world.wait(5)
        assert await world.reconcile_environment() == []
    succeed(world)
    assert await world.reconcile_environment() == [f"status Environment {NAME}"]
    assert await world.reconcile_environment() == []


@pytest.mark.parametrize("reason", ["PackageNotFound", "IndexUnreachable"])
async def test_a_second_pass_over_a_failed_build_writes_nothing(world, reason):
    await start(world)
    fail(world, reason)
    world.wait(31)
    assert await world.reconcile_environment() == [f"status Environment {NAME}"]
    world.wait(3)
    assert await world.reconcile_environment() == []


async def test_a_build_from_nothing_to_ready(world):
    await start(world)
    assert world.registry.asked == [TAG]
    job, request = world.cluster.find("Job"), world.cluster.find("ConfigMap")
    assert request["metadata"]["ownerReferences"] == [owner_reference(job, controller=False)]
    assert json.loads(request["data"]["request.json"])["tag"] == TAG
    status = world.status(ENVIRONMENT)
    assert status["attempts"] == 1
    assert status["conditions"]["Ready"]["reason"] == "Building"

    succeed(world)
    await world.reconcile_environment()
    status = world.status(ENVIRONMENT)
    assert status["conditions"]["Ready"]["status"] == "True"
    assert status["conditions"]["Ready"]["message"] == "5 packages; built in 5 s"
    assert status["image"] == samples.IMAGE
    assert (status["packages"], status["buildSeconds"], status["attempts"]) == (5, 5, 0)
    assert world.registry.asked == [TAG]  # the digest came from the build


async def test_what_the_registry_has_is_not_built(world):
    world.registry.push(TAG)
    world.cluster.put(samples.environment())
    assert await world.reconcile_environment() == [f"status Environment {NAME}"]
    status = world.status(ENVIRONMENT)
    assert status["conditions"]["Ready"]["reason"] == "FoundInRegistry"
    assert status["image"] == samples.IMAGE
    assert world.cluster.find("Job") is None
    assert await world.reconcile_environment() == []


async def test_a_success_that_told_nothing_is_looked_up(world):
    await start(world)
    succeed(world, message="")
    world.registry.push(TAG)
    await world.reconcile_environment()
    assert world.status(ENVIRONMENT)["image"] == samples.IMAGE


async def test_an_image_that_is_gone_is_built_again(world):
    await start(world)
    succeed(world, message="")
    await world.reconcile_environment()
    assert world.cluster.find("Job") is not None
    world.wait(world.again)
    await world.reconcile_environment()
    assert world.cluster.find("Job") is None
    assert world.again == 1
    await world.reconcile_environment()
    assert world.cluster.find("Job") is not None
    assert world.status(ENVIRONMENT)["attempts"] == 2


async def test_a_user_error_stalls_and_is_not_tried_again(world):
    await start(world)
    fail(world, "PackageNotFound", "requirements[0]: no package nope")
    await world.reconcile_environment()
    assert world.again is None
    status = world.status(ENVIRONMENT)
    assert status["conditions"]["Stalled"]["status"] == "True"
    assert status["failure"]["message"] == "requirements[0]: no package nope"
    assert status["failure"]["logTail"] == "last line"
    assert f"-n {samples.BUILDS}" in status["failure"]["command"]
    assert "-c resolve" in status["failure"]["command"]
    world.cluster.remove("Job")  # its time to live is over
    world.wait(3600)
    asked = len(world.registry.asked)
    assert await world.reconcile_environment() == []
    assert len(world.registry.asked) == asked


async def test_a_transient_failure_is_built_again_with_growing_pauses(world):
    await start(world)
    pauses = []
    for attempt in range(1, 8):
        fail(world, "IndexUnreachable", since=(world.now - samples.NOW).total_seconds())
        await world.reconcile_environment()
        status = world.status(ENVIRONMENT)
        assert status["conditions"]["Stalled"]["status"] == "False"
        assert status["attempts"] == attempt
        pauses.append(world.again)
        world.wait(world.again)
        assert f"delete Job {NAME}" in await world.reconcile_environment()
        assert f"create Job {NAME}" in await world.reconcile_environment()
    assert pauses == [30, 60, 120, 240, 480, 600, 600]


async def test_a_registry_that_does_not_answer_is_a_condition_and_tried_again(world):
    world.registry.error = errors.TransientError("registry x did not answer: refused")
    world.cluster.put(samples.environment())
    with pytest.raises(errors.TransientError):
        await world.reconcile_environment()
    status = world.status(ENVIRONMENT)
    assert status["conditions"]["Ready"]["reason"] == "RegistryUnreachable"
    assert status["conditions"]["Stalled"]["status"] == "False"
    del world.cluster.writes[:]
    with pytest.raises(errors.TransientError):
        await world.reconcile_environment()
    assert world.cluster.writes == []
    world.registry.error = None
    await world.reconcile_environment()
    assert world.cluster.find("Job") is not None


async def test_a_request_that_was_not_written_is_written_later(world):
    """Else the build's pod would wait for it until the Job's deadline."""
    world.cluster.put(samples.environment())
    world.cluster.trouble["apply ConfigMap"] = errors.TransientError("no answer")
    with pytest.raises(errors.TransientError):
        await world.reconcile_environment()
    assert world.cluster.find("Job") is not None
    del world.cluster.trouble["apply ConfigMap"]
    assert f"apply ConfigMap {NAME}" in await world.reconcile_environment()
    assert world.cluster.find("ConfigMap")["data"]["request.json"]
    assert await world.reconcile_environment() == []


async def test_an_environment_on_its_way_out_starts_nothing(world):
    obj = samples.environment()
    obj["metadata"]["deletionTimestamp"] = samples.at()
    world.cluster.put(obj)
    assert await world.reconcile_environment() == []


async def test_a_failed_build_of_an_environment_that_was_deleted_is_not_held_against_a_new_one(
    world,
):
    await start(world)
    fail(world, "PackageNotFound")
    world.cluster.remove(ENVIRONMENT)
    world.cluster.put(samples.environment(created=60))
    await world.reconcile_environment()
    assert world.cluster.find("Job") is None
    await world.reconcile_environment()
    assert world.cluster.find("Job") is not None


async def test_the_custom_certificates_go_to_the_builds(world, tmp_path):
    bundle = tmp_path / "ca.crt"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")
    world.settings = samples.settings(customCA=str(bundle))
    written = await start(world)
    assert written[0] == f"apply ConfigMap {CUSTOM_CA}"
    held = world.cluster.find("ConfigMap", CUSTOM_CA)
    assert held["metadata"]["namespace"] == samples.BUILDS
    assert held["data"] == {"ca.crt": "-----BEGIN CERTIFICATE-----\n"}
    volumes = world.cluster.find("Job")["spec"]["template"]["spec"]["volumes"]
    assert {"name": "ca", "configMap": {"name": CUSTOM_CA}} in volumes


async def test_a_pass_leaves_what_it_read_as_it_was(world):
    await start(world)
    before = copy.deepcopy(world.cluster.find(ENVIRONMENT)["spec"])
    succeed(world)
    await world.reconcile_environment()
    assert world.cluster.find(ENVIRONMENT)["spec"] == before

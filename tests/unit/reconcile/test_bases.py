"""A Dockerfile's image: an Environment of its own, which those with packages on top wait for."""

import copy
import json

import pytest

from falapp_operator.api import meta
from falapp_operator.environment import key as keys
from falapp_operator.environment import manifest
from falapp_operator.reconcile.context import ENVIRONMENT, key_of
from tests.unit import samples, workloads
from tests.unit.workloads import running, terminated

IMAGE = {"dockerfile": "FROM base.example/python:3.11\nRUN true\n"}
TOP = manifest.spec_of(
    samples.FalAppSpec.model_validate(samples.app_spec(image=IMAGE)), "3.11", samples.settings()
)
OTHER = TOP.model_copy(update={"layers": (("numpy",),)})
NAMES = [keys.name(spec, samples.NAMESPACE) for spec in (TOP, OTHER)]
BASE = manifest.base_of(TOP)
BASE_NAME, BASE_TAG = keys.name(BASE, samples.NAMESPACE), keys.tag(BASE, samples.NAMESPACE)


@pytest.fixture
async def waiting(world):
    """Two Environments of one Dockerfile, after a pass over each."""
    for spec in (TOP, OTHER):
        world.cluster.put(samples.environment(spec))
        await world.reconcile_environment(keys.name(spec, samples.NAMESPACE))
    return world


def status(world, name):
    return world.status(ENVIRONMENT, name)


def give(world, found):
    """Have the base's own pass have come to an end."""
    world.cluster.change(ENVIRONMENT, BASE_NAME, status=copy.deepcopy(found))


async def test_both_own_the_one_base_and_start_nothing(waiting):
    base = waiting.cluster.find(ENVIRONMENT, BASE_NAME)
    assert [o["name"] for o in base["metadata"]["ownerReferences"]] == NAMES
    assert base["spec"]["dockerfile"] == {"text": IMAGE["dockerfile"]}
    assert "pythonVersion" not in base["spec"]
    assert waiting.cluster.names("Job") == []
    for name in NAMES:
        found = status(waiting, name)
        assert found["waitsFor"] == BASE_NAME
        assert found["conditions"]["Ready"]["reason"] == "Building"
        assert BASE_NAME in found["conditions"]["Ready"]["message"]
        assert await waiting.reconcile_environment(name) == []


async def test_the_base_is_built_from_the_dockerfile_alone(waiting):
    await waiting.reconcile_environment(BASE_NAME)
    pod = waiting.cluster.find("Job", BASE_NAME)["spec"]["template"]["spec"]
    assert [c["name"] for c in pod["initContainers"]] == ["cache", "dockerfile"]
    data = waiting.cluster.find("ConfigMap", BASE_NAME)["data"]
    assert data["Dockerfile"] == IMAGE["dockerfile"]
    asked = json.loads(data["request.json"])
    assert (asked["base"], asked["layers"]) == ("", [])
    assert asked["cache"] == keys.cache(samples.NAMESPACE) != keys.cache("audio")


async def test_its_progress_is_theirs(waiting):
    await waiting.reconcile_environment(BASE_NAME)
    pod = workloads.build_pod(BASE_NAME, running("cache"), running("dockerfile"))
    job = waiting.cluster.find("Job", BASE_NAME)
    pod["metadata"]["ownerReferences"][0]["uid"] = job["metadata"]["uid"]
    waiting.cluster.put(pod)
    await waiting.reconcile_environment(BASE_NAME)
    await waiting.reconcile_environment(NAMES[0])
    assert status(waiting, NAMES[0])["conditions"]["Ready"]["message"].endswith(
        f"{BASE_NAME}: building the Dockerfile"
    )


async def test_when_it_is_ready_packages_go_on_top_of_its_digest(waiting):
    give(waiting, samples.BUILT)
    waiting.registry.push(BASE_TAG)
    assert f"create Job {NAMES[0]}" in await waiting.reconcile_environment(NAMES[0])
    pod = waiting.cluster.find("Job", NAMES[0])["spec"]["template"]["spec"]
    steps = {c["name"]: c for c in pod["initContainers"]}
    assert steps["resolve"]["image"] == samples.IMAGE
    assert "--insecure-registry=127.0.0.1:5001" in steps["wheels"]["args"]
    asked = json.loads(waiting.cluster.find("ConfigMap", NAMES[0])["data"]["request.json"])
    assert (asked["base"], asked["relayed"]) == (samples.IMAGE, True)
    assert "waitsFor" not in status(waiting, NAMES[0]) or not status(waiting, NAMES[0])["waitsFor"]


async def test_a_job_whose_request_was_lost_gets_the_base_that_it_was_made_for(waiting):
    give(waiting, samples.BUILT)
    waiting.registry.push(BASE_TAG)
    await waiting.reconcile_environment(NAMES[0])
    waiting.cluster.remove("ConfigMap", NAMES[0])
    waiting.registry.push(BASE_TAG, digest="sha256:" + "b" * 64)
    waiting.restart()
    await waiting.reconcile_environment(NAMES[0])
    asked = json.loads(waiting.cluster.find("ConfigMap", NAMES[0])["data"]["request.json"])
    assert asked["base"] == samples.IMAGE


async def test_what_it_fails_for_stalls_them_until_it_is_mended(waiting):
    give(waiting, samples.NOT_FOUND)
    for name in NAMES:
        await waiting.reconcile_environment(name)
        found = status(waiting, name)
        assert found["conditions"]["Stalled"]["status"] == "True"
        assert found["failure"] == samples.NOT_FOUND["failure"]
        assert await waiting.reconcile_environment(name) == []
    give(waiting, samples.BUILT)
    waiting.registry.push(BASE_TAG)
    assert f"create Job {NAMES[0]}" in await waiting.reconcile_environment(NAMES[0])


async def test_a_wish_to_try_again_is_handed_on(waiting):
    give(waiting, samples.NOT_FOUND)
    await waiting.reconcile_environment(NAMES[0])
    top = waiting.cluster.find(ENVIRONMENT, NAMES[0])
    top["metadata"]["annotations"] = {meta.ANNOTATION_RETRY: "1"}
    waiting.cluster.put(top)
    await waiting.reconcile_environment(NAMES[0])
    base = waiting.cluster.find(ENVIRONMENT, BASE_NAME)
    assert base["metadata"]["annotations"][meta.ANNOTATION_RETRY] == "1"
    assert len(base["metadata"]["ownerReferences"]) == 2
    assert await waiting.reconcile_environment(NAMES[0]) == []


async def test_an_image_that_the_registry_lost_is_built_again(waiting):
    give(waiting, samples.BUILT)
    await waiting.reconcile_environment(NAMES[0])
    base = waiting.cluster.find(ENVIRONMENT, BASE_NAME)
    assert key_of(base) in waiting.woken
    await waiting.reconcile_environment(BASE_NAME)
    assert status(waiting, BASE_NAME)["conditions"]["Ready"]["status"] == "False"
    assert f"create Job {BASE_NAME}" in await waiting.reconcile_environment(BASE_NAME)


async def test_who_has_an_image_needs_no_base(world):
    world.cluster.put(samples.environment(TOP))
    world.registry.push(keys.tag(TOP, samples.NAMESPACE))
    assert await world.reconcile_environment(NAMES[0]) == [f"status Environment {NAMES[0]}"]
    assert world.cluster.names(ENVIRONMENT) == [NAMES[0]]


async def test_the_base_itself_has_no_lock_to_be_kept(waiting):
    give(waiting, samples.BUILT)
    assert await waiting.reconcile_environment(BASE_NAME) == []
    assert waiting.again is None


@pytest.mark.parametrize(
    ("log", "reason", "named"),
    [
        (
            "\x1b[36mINFO\x1b[0m[0003] Running: [/bin/sh -c pip install nope]\nno such package\n"
            "error building image: error building stage: failed to execute command: waiting for"
            " process to exit: exit status 1\n",
            "DockerfileFailed",
            "`RUN pip install nope` ended with exit status 1",
        ),
        (
            "error building image: unable to complete operation after 0 attempts, last error: GET"
            " https://base.example/v2/x/manifests/1: UNAUTHORIZED: authentication required",
            "BaseImagePullFailed",
            "spec.image.pullSecret",
        ),
        (
            'error building image: Get "https://base.example/v2/": GET https://base.example: dial'
            " tcp: lookup base.example: no such host",
            "RegistryUnreachable",
            "did not answer",
        ),
        (
            "error building image: parsing dockerfile: dockerfile parse error on line 2: unknown",
            "DockerfileFailed",
            "on line 2",
        ),
        ("", "DockerfileFailed", "without a word"),
    ],
)
async def test_why_a_dockerfile_was_not_built(waiting, log, reason, named):
    await waiting.reconcile_environment(BASE_NAME)
    job = waiting.cluster.find("Job", BASE_NAME)
    waiting.cluster.change("Job", BASE_NAME, status=workloads.failed())
    ended = terminated("dockerfile", 1, message=log)
    pod = workloads.build_pod(BASE_NAME, terminated("cache", 143), ended)
    pod["metadata"]["ownerReferences"][0]["uid"] = job["metadata"]["uid"]
    waiting.cluster.put(pod)
    await waiting.reconcile_environment(BASE_NAME)
    failure = status(waiting, BASE_NAME)["failure"]
    assert failure["reason"] == reason
    assert named in failure["message"]
    assert "\x1b" not in failure["message"] + failure.get("logTail", "")


def build_pod(world, *containers):
    job = world.cluster.find("Job", BASE_NAME)
    pod = workloads.build_pod(BASE_NAME, *containers)
    pod["metadata"]["ownerReferences"][0]["uid"] = job["metadata"]["uid"]
    world.cluster.put(pod)


async def test_a_sidecar_that_cannot_start_is_told_of(waiting):
    """The kubelet starts it again and again, and the Job would run until its time is over."""
    await waiting.reconcile_environment(BASE_NAME)
    report = {"reason": "PublishFailed", "message": "the credentials cannot be read"}
    sidecar = workloads.waiting(
        "cache", "CrashLoopBackOff", last=workloads.ended(1, message=json.dumps(report))
    )
    build_pod(waiting, sidecar, workloads.waiting("dockerfile", "PodInitializing"))
    await waiting.reconcile_environment(BASE_NAME)
    assert status(waiting, BASE_NAME)["failure"]["reason"] == "PublishFailed"
    assert "cannot be read" in status(waiting, BASE_NAME)["failure"]["message"]


async def test_a_sidecar_whose_image_does_not_come_is_told_of(waiting):
    await waiting.reconcile_environment(BASE_NAME)
    sidecar = workloads.waiting("cache", "ImagePullBackOff", "back-off")
    build_pod(waiting, sidecar, workloads.waiting("dockerfile", "PodInitializing"))
    await waiting.reconcile_environment(BASE_NAME)
    message = status(waiting, BASE_NAME)["conditions"]["Ready"]["message"]
    assert message.startswith("cannot pull the image of step cache: ")

"""Environments of one name in several namespaces, and their one build."""

import pytest

from falapp_operator import errors
from falapp_operator.environment import key as keys
from falapp_operator.environment.job import CUSTOM_CA
from falapp_operator.reconcile import environments
from falapp_operator.reconcile.context import BUILD, ENVIRONMENT
from falapp_operator.reconcile.queue import Key
from tests.unit import samples, workloads

NAME = keys.name(samples.environment_spec(), samples.NAMESPACE)

SPACES = ("video", "audio")


def ready(world, namespace):
    """Return Ready's and Stalled's reason and status in a namespace."""
    where = next(
        r for r in world.cluster.objects if (r.kind, r.namespace) == (ENVIRONMENT, namespace)
    )
    found = {c["type"]: c for c in world.cluster.objects[where]["status"]["conditions"]}
    return found["Ready"]["reason"], found["Stalled"]["status"]


def ask(world, *namespaces, created=0):
    for namespace in namespaces:
        obj = samples.environment(namespace=namespace, created=created)
        obj["metadata"]["uid"] = f"uid-{namespace}"
        world.cluster.put(obj)


def get_stuck(world):
    """Have the pod of the Job wait for an image that will never come."""
    uid = world.cluster.find("Job")["metadata"]["uid"]
    refused = workloads.waiting("resolve", "ErrImagePull", "403 Forbidden")
    pod = workloads.build_pod(NAME, workloads.terminated("tools"), refused)
    pod["metadata"]["ownerReferences"][0]["uid"] = uid
    pod["metadata"]["name"] = f"pod-of-{uid}"
    world.cluster.put(pod)


class TestStuck:
    """A build whose base image is refused, and that more than one Environment waits for."""

    @pytest.fixture
    async def stuck(self, world):
        ask(world, *SPACES)
        await world.reconcile_environment(NAME, "video")
        await world.reconcile_environment(NAME, "audio")
        get_stuck(world)
        return world

    @pytest.mark.parametrize("order", [SPACES, SPACES[::-1]])
    async def test_it_is_dropped_when_all_have_been_told(self, stuck, order):
        first, last = order
        assert await stuck.reconcile_environment(NAME, first) == [f"status Environment {NAME}"]
        assert ready(stuck, first) == ("BaseImagePullFailed", "True")
        assert Key(ENVIRONMENT, last, NAME) in stuck.woken
        assert await stuck.reconcile_environment(NAME, first) == []
        written = await stuck.reconcile_environment(NAME, last)
        assert written == [f"status Environment {NAME}", f"delete Job {NAME}"]
        for namespace in SPACES * 2:
            assert await stuck.reconcile_environment(NAME, namespace) == []
            assert ready(stuck, namespace) == ("BaseImagePullFailed", "True")
        assert stuck.cluster.find("Job") is None

    async def test_one_that_comes_later_builds_once_and_moves_nobody(self, stuck):
        for namespace in SPACES:
            await stuck.reconcile_environment(NAME, namespace)
        ask(stuck, "zebra")
        assert f"create Job {NAME}" in await stuck.reconcile_environment(NAME, "zebra")
        for namespace in SPACES:
            assert await stuck.reconcile_environment(NAME, namespace) == []
        get_stuck(stuck)
        written = await stuck.reconcile_environment(NAME, "zebra")
        assert written == [f"status Environment {NAME}", f"delete Job {NAME}"]

    async def test_the_image_helps_all(self, stuck):
        for namespace in SPACES:
            await stuck.reconcile_environment(NAME, namespace)
        ask(stuck, "zebra")
        await stuck.reconcile_environment(NAME, "zebra")
        stuck.cluster.change("Job", status=workloads.complete())
        stuck.registry.push(keys.tag(samples.environment_spec(), samples.NAMESPACE))
        for namespace in (*SPACES, "zebra"):
            await stuck.reconcile_environment(NAME, namespace)
            assert ready(stuck, namespace)[1] == "False"

    @pytest.mark.parametrize(
        "gone", ["on its way", "deleted", "ready", "of another key", "unreadable"]
    )
    async def test_nobody_waits_for_one_that_need_not_be_told(self, stuck, gone):
        where = next(r for r in stuck.cluster.objects if r.namespace == "audio")
        other = stuck.cluster.objects.pop(where)
        if gone == "on its way":
            other["metadata"]["deletionTimestamp"] = samples.at()
        if gone == "ready":
            other["status"] = samples.BUILT
        if gone == "of another key":
            other["spec"]["layers"] = [["evil"]]
        if gone == "unreadable":
            other["spec"] = {}
        if gone != "deleted":
            stuck.cluster.put(other)
        assert f"delete Job {NAME}" in await stuck.reconcile_environment(NAME, "video")

    async def test_after_a_crash_before_the_drop_it_is_dropped(self, stuck):
        await stuck.reconcile_environment(NAME, "video")
        stuck.cluster.trouble["delete Job"] = errors.TransientError("no answer")
        with pytest.raises(errors.TransientError):
            await stuck.reconcile_environment(NAME, "audio")
        del stuck.cluster.trouble["delete Job"]
        stuck.restart()
        assert await stuck.reconcile_environment(NAME, "video") == [f"delete Job {NAME}"]


class TestAnotherKey:
    """Sixty-four bits of a key are not all of it."""

    @pytest.fixture
    async def taken(self, world):
        world.cluster.put(samples.environment())
        world.cluster.put(workloads.job(NAME, key="f" * 64))
        pod = workloads.build_pod(
            NAME, workloads.terminated("publish", message=f'{{"digest": "{samples.DIGEST}"}}')
        )
        world.cluster.put(pod)
        return world

    async def test_what_its_job_built_is_not_taken(self, taken):
        assert await taken.reconcile_environment() == [f"status Environment {NAME}"]
        assert ready(taken, samples.NAMESPACE) == ("NameTaken", "False")
        assert await taken.reconcile_environment() == []
        assert taken.again == 60

    async def test_ours_starts_when_it_has_ended(self, taken):
        taken.cluster.change("Job", status=workloads.complete())
        assert f"delete Job {NAME}" in await taken.reconcile_environment()
        assert f"create Job {NAME}" in await taken.reconcile_environment()
        key = keys.key(samples.environment_spec(), samples.NAMESPACE)
        assert taken.cluster.find("Job")["metadata"]["annotations"]["falapp.dev/key"] == key

    async def test_an_image_under_the_whole_key_is_ours(self, taken):
        taken.registry.push(keys.tag(samples.environment_spec(), samples.NAMESPACE))
        await taken.reconcile_environment()
        assert ready(taken, samples.NAMESPACE) == ("FoundInRegistry", "False")
        assert taken.cluster.find("Job") is not None


async def test_two_namespaces_share_one_build(world):
    for namespace in ("video", "audio"):
        obj = samples.environment(namespace=namespace)
        obj["metadata"]["uid"] = f"uid-{namespace}"
        world.cluster.put(obj)
    assert f"create Job {NAME}" in await world.reconcile_environment(NAME, "video")
    written = await world.reconcile_environment(NAME, "audio")
    assert written == [f"status Environment {NAME}"]
    world.woken.clear()
    await environments.reconcile_build(world.context, Key(BUILD, "", NAME))
    assert sorted(world.woken) == [
        Key(ENVIRONMENT, "audio", NAME),
        Key(ENVIRONMENT, "video", NAME),
    ]
    assert world.cluster.find("Job") is not None


async def test_another_namespace_was_quicker(world):
    world.cluster.put(samples.environment())
    world.cluster.trouble["create Job"] = errors.ConflictError("already exists")
    assert await world.reconcile_environment() == [
        f"create Job {NAME}",
        f"status Environment {NAME}",
    ]


async def test_the_build_goes_with_the_last_of_its_environments(world):
    for namespace in ("video", "audio"):
        obj = samples.environment(namespace=namespace)
        obj["metadata"]["uid"] = f"uid-{namespace}"
        world.cluster.put(obj)
    await world.reconcile_environment(NAME, "video")
    for namespace, left in (("audio", 2), ("video", 0)):
        where = next(r for r in world.cluster.objects if r.namespace == namespace)
        await world.cluster.delete(where)
        await world.reconcile_environment(NAME, namespace)
        assert world.woken[-1] == Key(BUILD, "", NAME)
        await environments.reconcile_build(world.context, world.woken[-1])
        assert len(world.cluster.names("Job") + world.cluster.names("ConfigMap")) == left


@pytest.mark.parametrize("squatter", ["somebody-elses", NAME])
async def test_an_environment_under_a_wrong_name_is_not_built(world, squatter):
    """It could bring its packages into the apps of whoever asks for that name."""
    evil = samples.environment_spec(layers=(("evil==1",),))
    obj = samples.environment(evil, name=squatter)
    world.cluster.put(obj)
    world.registry.push(keys.tag(evil, samples.NAMESPACE))
    assert await world.reconcile_environment(squatter) == [f"status Environment {squatter}"]
    status = world.status(ENVIRONMENT)
    assert status["conditions"]["Stalled"]["reason"] == "InvalidSpec"
    assert keys.name(evil, samples.NAMESPACE) in status["failure"]["message"]
    assert "image" not in status or status["image"] == ""
    assert await world.reconcile_environment(squatter) == []
    assert world.registry.asked == []


@pytest.mark.parametrize("name", [CUSTOM_CA, "kube-root-ca.crt"])
async def test_a_label_that_anybody_may_write_removes_no_other_object(world, name):
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": samples.metadata(name, "builds")}
    world.settings = samples.settings(builds={"namespace": "builds"})
    world.cluster.put(held)
    await environments.reconcile_build(world.context, Key(BUILD, "", name))
    assert world.cluster.writes == []
    assert world.cluster.names("ConfigMap") == [name]

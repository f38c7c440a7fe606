"""Environments of one name in several namespaces, and their one build."""

import pytest

from falapp_operator import errors
from falapp_operator.environment import key as keys
from falapp_operator.environment.job import CUSTOM_CA
from falapp_operator.reconcile import environments
from falapp_operator.reconcile.context import BUILD, ENVIRONMENT
from falapp_operator.reconcile.queue import Key
from tests.unit import samples

NAME = keys.name(samples.environment_spec(), samples.NAMESPACE)


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

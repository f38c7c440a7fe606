"""What becomes of a ready Environment: its lock, and an image that vanished from the registry."""

import pytest

from falapp_operator import errors
from falapp_operator.api import meta
from falapp_operator.api.objects import owner_reference
from falapp_operator.environment import key as keys
from falapp_operator.reconcile import pauses
from falapp_operator.reconcile.context import ENVIRONMENT
from falapp_operator.reconcile.doubts import Doubts
from falapp_operator.reconcile.queue import Key
from tests.unit import samples, workloads

SPEC = samples.environment_spec()
NAME, TAG = keys.name(SPEC, samples.NAMESPACE), keys.tag(SPEC, samples.NAMESPACE)
LOCK = 'lock-version = "1.0"\n'
OTHER = "sha256:" + "b" * 64


@pytest.fixture
async def ready(world):
    """An Environment whose image the registry has."""
    world.registry.push(TAG, size=1234)
    world.cluster.put(samples.environment())
    await world.reconcile_environment()
    assert world.again == 0, "the lock comes next"
    return world


class TestLock:
    async def test_it_is_put_beside_the_environment_once(self, ready):
        ready.registry.locks[TAG] = LOCK
        written = await ready.reconcile_environment()
        assert written == [f"apply ConfigMap {NAME}-lock", f"status Environment {NAME}"]
        held = ready.cluster.find("ConfigMap")
        assert held["data"] == {"pylock.toml": LOCK}
        assert held["metadata"]["namespace"] == samples.NAMESPACE
        environment = ready.cluster.find(ENVIRONMENT)
        owner = owner_reference(environment, controller=False)
        assert held["metadata"]["ownerReferences"] == [owner]
        status = ready.status(ENVIRONMENT)
        assert status["lock"] == f"{NAME}-lock"
        assert (status["image"], status["packages"], status["size"]) == (samples.IMAGE, 5, 1234)
        asked = len(ready.registry.asked)
        assert await ready.reconcile_environment() == []
        assert ready.again is None
        assert len(ready.registry.asked) == asked

    @pytest.mark.parametrize("lock", [None, "x" * 1_000_001])
    async def test_without_one_the_environment_stays_ready_and_is_looked_at_again(
        self, ready, lock
    ):
        if lock:
            ready.registry.locks[TAG] = lock
        waits = []
        for _ in range(4):
            assert await ready.reconcile_environment() == []
            waits.append(ready.again)
            ready.wait(ready.again)
        assert waits == [60, 60, 120, 240]
        assert ready.status(ENVIRONMENT)["conditions"]["Ready"]["status"] == "True"
        ready.wait(30 * 24 * 3600)
        await ready.reconcile_environment()
        assert ready.again == 6 * 3600
        ready.registry.locks[TAG] = LOCK
        await ready.reconcile_environment()
        assert ready.status(ENVIRONMENT)["lock"]

    async def test_a_registry_in_trouble_leaves_the_environment_ready(self, ready):
        ready.registry.error = errors.TransientError("no answer")
        with pytest.raises(errors.TransientError):
            await ready.reconcile_environment()
        assert ready.status(ENVIRONMENT)["conditions"]["Ready"]["status"] == "True"
        assert ready.cluster.writes == []

    @pytest.mark.parametrize("ours", [True, False])
    async def test_what_somebody_else_called_so_is_left_alone(self, ready, ours):
        """One of a former Environment of the name is on its way out, and becomes this one's."""
        labels = {meta.LABEL_MANAGED_BY: meta.MANAGED_BY if ours else "helm"}
        ready.cluster.put(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": samples.metadata(f"{NAME}-lock", labels=labels),
                "data": {"pylock.toml": "old"},
            }
        )
        ready.registry.locks[TAG] = LOCK
        await ready.reconcile_environment()
        held = ready.cluster.find("ConfigMap")["data"]["pylock.toml"]
        assert held == (LOCK if ours else "old")

    async def test_it_goes_with_the_environment(self, ready):
        ready.registry.locks[TAG] = LOCK
        await ready.reconcile_environment()
        ready.cluster.remove(ENVIRONMENT)
        assert ready.cluster.names("ConfigMap") == []


UNPULLABLE = workloads.waiting("runner", "ImagePullBackOff", "back-off") | {"image": samples.IMAGE}
MESSAGE = (
    f"the node cannot pull {samples.IMAGE}; see that the nodes reach its registry, trust it, and"
    " have the credentials that it wants"
)


class TestVanished:
    @pytest.fixture
    async def unpullable(self, world):
        """An app whose pod cannot pull the image of its Environment, built by a Job."""
        await world.serve(samples.app())
        job = workloads.job(NAME, workloads.complete(), key=TAG.removeprefix("env-"))
        world.cluster.put(job)
        result = workloads.terminated("publish", message=f'{{"digest": "{samples.DIGEST}"}}')
        pod = workloads.build_pod(NAME, result)
        pod["metadata"]["ownerReferences"][0]["uid"] = job["metadata"]["uid"]
        world.start_runners(workloads.runner_pod("new", containers=[UNPULLABLE]))
        world.cluster.put(pod)
        world.cluster.change(ENVIRONMENT, status=samples.BUILT | {"lock": "x"})
        return world

    async def test_it_is_built_again(self, unpullable):
        world, key = unpullable, Key(ENVIRONMENT, samples.NAMESPACE, NAME)
        await world.reconcile_app()
        assert key in world.woken
        written = await world.reconcile_environment()
        assert written == [f"delete Job {NAME}", f"status Environment {NAME}"]
        status = world.status(ENVIRONMENT)
        assert status["conditions"]["Ready"]["reason"] == "Building"
        assert status["conditions"]["Ready"]["message"].startswith("ImageVanished: ")
        assert status["image"] == ""
        assert f"create Job {NAME}" in await world.reconcile_environment()
        before = world.cluster.find("Deployment")
        await world.reconcile_app()
        assert world.cluster.find("Deployment") == before, "what still runs goes on"

        world.registry.push(TAG, digest=OTHER)
        world.cluster.change("Job", status=workloads.complete())
        await world.reconcile_environment()
        await world.reconcile_app()
        (runner,) = world.cluster.find("Deployment")["spec"]["template"]["spec"]["containers"]
        assert runner["image"].endswith(OTHER)

    async def test_one_that_is_there_stays(self, unpullable):
        """The nodes lack a login, or a route: building again would not help."""
        world = unpullable
        world.registry.push(TAG)
        await world.reconcile_app()
        asked = []
        for _ in range(12):
            before = len(world.registry.asked)
            assert await world.reconcile_environment() == []
            asked.append(len(world.registry.asked) - before)
            await world.reconcile_app()  # the kubelet tries again and again
            world.wait(15)
        assert asked == [1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0], "with growing pauses"
        assert world.again is not None
        assert world.status()["conditions"]["Ready"]["reason"] == "ImagePullFailed"
        assert world.status()["failure"]["message"] == MESSAGE
        assert world.cluster.find("Job") is not None

    async def test_one_that_was_pushed_anew_is_followed(self, unpullable):
        """By the operator of another cluster, after the registry lost the first."""
        world = unpullable
        world.registry.push(TAG, digest=OTHER)
        await world.reconcile_app()
        assert await world.reconcile_environment() == [f"status Environment {NAME}"]
        assert world.status(ENVIRONMENT)["image"].endswith(OTHER)
        assert world.status(ENVIRONMENT)["conditions"]["Ready"]["status"] == "True"
        await world.reconcile_environment()
        assert await world.reconcile_environment() == []

    async def test_a_registry_in_trouble_is_asked_later(self, unpullable):
        world = unpullable
        await world.reconcile_app()
        world.registry.error = errors.TransientError("no answer")
        with pytest.raises(errors.TransientError):
            await world.reconcile_environment()
        assert world.status(ENVIRONMENT)["conditions"]["Ready"]["status"] == "True"
        world.registry.error = None
        await world.reconcile_environment()
        assert world.status(ENVIRONMENT)["conditions"]["Ready"]["reason"] == "Building"

    async def test_a_neighbours_build_is_not_deleted(self, unpullable):
        world = unpullable
        world.cluster.change("Job", status=workloads.job(NAME)["status"])
        world.cluster.remove("Pod", f"{NAME}-x7k2p")
        await world.reconcile_app()
        assert await world.reconcile_environment() == [f"status Environment {NAME}"]
        assert world.cluster.find("Job") is not None

    async def test_after_a_restart_the_pod_raises_the_doubt_again(self, unpullable):
        await unpullable.reconcile_app()
        unpullable.restart()
        assert await unpullable.reconcile_environment() == []
        await unpullable.reconcile_app()
        assert f"delete Job {NAME}" in await unpullable.reconcile_environment()

    @pytest.mark.parametrize(
        "containers",
        [
            {"containers": [workloads.running("runner")]},
            {"containers": [UNPULLABLE | {"image": "sidecar:1"}]},
            {"init": [workloads.waiting("runtime", "ErrImagePull")]},
        ],
    )
    async def test_nobody_else_raises_it(self, unpullable, containers):
        unpullable.start_runners(workloads.runner_pod("new", **containers))
        await unpullable.reconcile_app()
        assert unpullable.woken == []
        assert await unpullable.reconcile_environment() == []
        assert unpullable.registry.asked == []


def test_doubts_are_asked_about_with_growing_pauses_and_forgotten():
    doubts, key, now = Doubts(), Key(ENVIRONMENT, "video", "x"), samples.NOW
    assert doubts.wait(key, now) is None
    waits = []
    for _ in range(7):
        doubts.add(key)
        wait = doubts.wait(key, now)
        now += type(now - now)(seconds=wait)
        assert doubts.wait(key, now) == 0
        doubts.asked(key, now)
        assert doubts.wait(key, now) is None
        waits.append(wait)
    assert waits == [0, 30, 60, 120, 240, 480, 600]
    later = now + type(now - now)(hours=1)
    doubts.add(key)
    assert doubts.wait(key, later) == 0
    doubts.asked(key, later)
    doubts.add(key)
    assert doubts.wait(key, later) == 30, "long ago is forgotten"
    doubts.forget(key)
    assert doubts.wait(key, later) is None


@pytest.mark.parametrize(
    ("waited", "pause"), [(None, 10), (0, 10), (9, 10), (45, 45), (4000, 300), (-5, 10)]
)
def test_pauses_grow_with_the_time_already_waited(waited, pause):
    since = "" if waited is None else samples.at(-waited)
    assert pauses.growing(since, samples.NOW, 300) == pause

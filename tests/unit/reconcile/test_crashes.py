"""An operator that ends after any of its writes: the next goes on, and does nothing twice."""

import pytest

from falapp_operator.api import meta
from falapp_operator.api.objects import annotation
from falapp_operator.environment import key as keys
from falapp_operator.reconcile.context import ENVIRONMENT, FALAPP
from tests.unit import samples, workloads
from tests.unit.reconcile import nodes, private

NAME, TAG = (f(private.spec(), samples.NAMESPACE) for f in (keys.name, keys.tag))
_WRITES = ("create", "apply", "apply_status", "delete", "tell")


class CrashError(BaseException):
    """The process ends: nothing of the operator's can catch it."""


class Crashing:
    """Ends the operator after one of its writes, counted over all of its life."""

    def __init__(self, cluster, after):
        self.left = after
        self.created = []
        self.revisions = []
        """Of each Deployment that was applied."""
        for verb in _WRITES:
            setattr(cluster, verb, self._ending(verb, getattr(cluster, verb)))

    def _ending(self, verb, call):
        async def write(obj, *args, **options):
            result = await call(obj, *args, **options)
            if verb == "create":
                self.created.append(obj["metadata"]["name"])
            if verb == "apply" and obj["kind"] == "Deployment":
                self.revisions.append(revision(obj))
            self.left -= 1
            if self.left == 0:
                raise CrashError
            return result

        return write


async def passes(world, until):
    """Make passes over all apps and Environments, as often as the operator's restarts need."""
    for _ in range(12):
        try:
            for name in world.cluster.names(FALAPP):
                await world.reconcile_app(name)
            for name in world.cluster.names(ENVIRONMENT):
                await world.reconcile_environment(name)
        except CrashError:
            world.restart()
        if until():
            return
        world.wait(5)
    raise AssertionError("it came to nothing")


def ready(world):
    found = world.cluster.find(ENVIRONMENT)
    status = (found or {}).get("status", {})
    return any(
        c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", ())
    ) and bool(status.get("lock"))


def can_run(world):
    """Return whether the build's pod has all that it mounts."""
    secrets = set(world.cluster.names("Secret"))
    has_request = NAME in world.cluster.names("ConfigMap")
    return has_request and {NAME, f"{NAME}-pull"} <= secrets


@pytest.mark.parametrize("after", range(1, 14))
async def test_whatever_the_last_write_was_there_is_one_build(world, after):
    crash = Crashing(world.cluster, after)
    for obj in (*private.secrets(), private.app("one"), private.app("two")):
        world.cluster.put(obj)
    await passes(world, lambda: can_run(world))
    assert crash.created == [NAME]
    job = world.cluster.find("Job")
    for name in (NAME, f"{NAME}-pull"):
        owners = world.cluster.find("Secret", name)["metadata"]["ownerReferences"]
        assert [o["uid"] for o in owners] == [job["metadata"]["uid"]]

    world.cluster.change("Job", status=workloads.complete())
    world.registry.push(TAG)
    world.registry.locks[TAG] = "lock"
    await passes(world, lambda: ready(world))
    assert crash.created == [NAME]
    await passes(world, lambda: True)
    assert await world.reconcile_environment() == []
    for app in ("one", "two"):
        assert await world.reconcile_app(app) == []
    owners = world.cluster.find(ENVIRONMENT)["metadata"]["ownerReferences"]
    assert [o["name"] for o in owners] == ["one", "two"]
    assert crash.left <= 0, "it did crash"


@pytest.mark.parametrize("after", range(1, 8))
async def test_a_vanished_image_is_built_once_more(world, after):
    spec = samples.environment_spec()
    name, tag = (f(spec, samples.NAMESPACE) for f in (keys.name, keys.tag))
    await world.serve(samples.app())
    world.cluster.put(workloads.job(name, workloads.complete(), key=tag.removeprefix("env-")))
    world.cluster.change(ENVIRONMENT, status=samples.BUILT | {"lock": "x"})
    waiting = workloads.waiting("runner", "ImagePullBackOff") | {"image": samples.IMAGE}
    world.start_runners(workloads.runner_pod("new", containers=[waiting]))
    crash = Crashing(world.cluster, after)
    await passes(world, lambda: name in world.cluster.names("ConfigMap"))
    assert crash.created == [name]
    world.cluster.change("Job", name, status=workloads.complete())
    world.registry.push(tag)
    world.registry.locks[tag] = "lock"
    await passes(world, lambda: ready(world))
    assert crash.created == [name]
    assert crash.left <= 0, "it did crash"


LIFE = {
    ENVIRONMENT: ["Normal Building: starting the build", "Normal Built: 5 packages; built"],
    FALAPP: [
        "Normal Building: starting the build",
        "Normal Built: 5 packages; built",
        "Normal RunnersReady: 1 of 1 runners are ready",
    ],
}
"""What is told of an app whose runner is ready at once."""


async def passes_to(world, kind, reason):
    """Make passes until an object of a kind has a condition for ``reason``."""

    def is_there():
        status = (world.cluster.find(kind) or {}).get("status", {})
        return any(c["reason"] == reason for c in status.get("conditions", ()))

    await passes(world, is_there)


@pytest.mark.parametrize("after", range(1, 18))
async def test_whatever_the_last_write_was_each_transition_is_told_once(world, after):
    crash = Crashing(world.cluster, after)
    world.cluster.put(samples.app())
    await passes_to(world, FALAPP, "Building")
    world.cluster.change("Job", status=workloads.complete())
    world.registry.push(keys.tag(samples.environment_spec(), samples.NAMESPACE))
    await passes_to(world, FALAPP, "Starting")
    world.start_runners(workloads.runner_pod())
    await passes_to(world, FALAPP, "RunnersReady")
    assert {kind: world.told(kind) for kind in LIFE} == LIFE
    assert crash.left <= 0, "it did crash"


@pytest.mark.parametrize("after", range(1, 18))
async def test_a_revision_is_withdrawn_once_and_tried_once_more_when_asked(world, after):
    """The Deployment is changed as often as without a crash, and the end is the same."""
    world.cluster.put(samples.app())
    await nodes.settle(world)
    first = revision(world.cluster.find("Deployment"))
    crash = Crashing(world.cluster, after)
    for retry in ("", "now"):
        app = world.cluster.find(FALAPP)
        metadata = app["metadata"] | {"annotations": {meta.ANNOTATION_RETRY: retry}}
        spec = samples.app_spec(env=[workloads.SICK])
        world.cluster.change(FALAPP, spec=spec, metadata=metadata)
        await passes(world, lambda: gives_way(world, first))
        assert world.status().get("retried", "") == retry
    assert await world.reconcile_app() == []
    broken = crash.revisions[0]
    assert crash.revisions == [broken, first, broken, first]
    assert crash.left <= 0, "it did crash"


def revision(deployment):
    return annotation(deployment["spec"]["template"], meta.ANNOTATION_REVISION)


def gives_way(world, former):
    """Let pods follow; return whether the former revision has its place again, and serves."""
    nodes.pods_follow(world)
    status = world.status()
    asked = annotation(world.cluster.find(FALAPP), meta.ANNOTATION_RETRY)
    done = status.get("retried", "") == asked and "withdrawn" in status
    runs = revision(world.cluster.find("Deployment"))
    return done and runs == former and status["readyReplicas"] == 1

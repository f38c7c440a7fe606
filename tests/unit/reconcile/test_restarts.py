"""Restarts: by the FalApp's annotation, and by kubectl behind the operator's back."""

import pytest

from falapp_operator.api import meta
from falapp_operator.runner.outcome import runners
from tests.unit import samples
from tests.unit.workloads import runner_pod

NOON = "2026-11-22T12:00:00Z"


def deployment(world):
    return world.cluster.find("Deployment")


def ready(world):
    found = world.status()["conditions"]["Ready"]
    return found["status"], found["reason"], found["message"]


async def test_another_value_of_the_annotation_is_another_revision_of_the_same(world):
    await world.serve(samples.app())
    revisions = {revision(world)}
    for value in ("1", "2"):
        app = world.cluster.find("FalApp")["metadata"]
        annotations = {"annotations": {meta.ANNOTATION_RESTART: value}}
        world.cluster.change("FalApp", metadata=app | annotations)
        assert await world.reconcile_app() == ["apply Deployment hello", "status FalApp hello"]
        assert ready(world) == (
            "False",
            "Starting",
            "0 of 1 runners are ready; 1 runner of the former revision still serves",
        )
        revisions.add(revision(world))
        world.start_runners(runner_pod())
        await world.reconcile_app()
        assert ready(world)[0] == "True"
        assert await world.reconcile_app() == []
    assert len(revisions) == 3


def revision(world):
    return deployment(world)["spec"]["template"]["metadata"]["annotations"][
        meta.ANNOTATION_REVISION
    ]


async def test_kubectl_rollout_restart_is_kept_and_seen(world):
    await world.serve(samples.app())
    spec = deployment(world)["spec"]
    spec["template"]["metadata"]["annotations"][meta.ANNOTATION_RESTARTED] = NOON
    world.cluster.change("Deployment", spec=spec)
    assert await world.reconcile_app() == ["status FalApp hello"]
    assert ready(world)[1] == "Starting"
    fresh = runner_pod()
    fresh["metadata"]["annotations"][meta.ANNOTATION_RESTARTED] = NOON
    world.start_runners(fresh)
    await world.reconcile_app()
    assert ready(world)[0] == "True"
    # a later revision keeps the annotation, which is kubectl's
    app = world.cluster.find("FalApp")["spec"]
    world.cluster.change("FalApp", spec=app | {"entrypoint": "app.py::Other"})
    await world.reconcile_app()
    annotations = deployment(world)["spec"]["template"]["metadata"]["annotations"]
    assert annotations[meta.ANNOTATION_RESTARTED] == NOON


@pytest.mark.parametrize(
    ("asked", "current"), [("", 1), (NOON, 1), ("2026-11-22T13:00:00Z", 0)], ids=str
)
def test_pods_of_another_restart_are_former_ones(asked, current):
    restarted = runner_pod("restarted")
    restarted["metadata"]["annotations"][meta.ANNOTATION_RESTARTED] = NOON
    found = runners([restarted, runner_pod("plain")], "rev", restarted=asked)
    assert (found.current, found.former_ready) == (current, 2 - current)

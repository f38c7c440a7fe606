"""An app with one GPU, which makes room for the next revision first; and one that is broken."""

import pytest

from falapp_operator.api import meta
from tests.unit import samples
from tests.unit.reconcile.nodes import settle
from tests.unit.workloads import SICK

BROKEN = {"env": [SICK]}
SERVES = "ValueError: sick; the former revision has its place again: {} runners of it are ready"


def change(world, **spec):
    """Edit the FalApp as its user would; None takes a field away."""
    made = world.cluster.find("FalApp")["spec"] | spec
    world.cluster.change("FalApp", spec={k: v for k, v in made.items() if v is not None})


def annotate(world, name, value):
    app = world.cluster.find("FalApp")["metadata"]
    annotations = app.get("annotations", {}) | {name: value}
    world.cluster.change("FalApp", metadata=app | {"annotations": annotations})


def deployment(world):
    return world.cluster.find("Deployment")


def template(world):
    return deployment(world)["spec"]["template"]


def revision(world):
    return template(world)["metadata"]["annotations"][meta.ANNOTATION_REVISION]


def ready(world):
    found = world.status()["conditions"]["Ready"]
    return found["status"], found["reason"], found["message"]


@pytest.fixture
async def served(world):
    """An app with one GPU, which makes room for the next revision first."""
    world.cluster.put(samples.machine_type("gpu", **samples.GPU))
    world.cluster.put(samples.app(machineType="gpu"))
    await settle(world)
    assert ready(world)[:2] == ("True", "RunnersReady")
    world.first = revision(world)
    assert world.status()["latestReadyRevision"] == world.first
    return world


@pytest.fixture
async def withdrawn(served):
    """The same, with a revision whose setup() raises asked for."""
    change(served, **BROKEN)
    await settle(served)
    assert served.status()["withdrawn"]["reason"] == "SetupFailed"
    return served

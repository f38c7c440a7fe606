"""`falapp plan --live`: what would change in a cluster is what the operator would change there."""

import asyncio

import pytest

from falapp_cli.errors import ForbiddenError
from falapp_cli.foresee import table
from falapp_cli.foresee.plan import foresee, read
from falapp_cli.foresee.world import World
from falapp_operator.api import meta
from falapp_operator.api.objects import ref, stamped
from falapp_operator.reconcile.commits import Answer
from falapp_operator.reconcile.gathering import gather
from falapp_operator.reconcile.plan import plan
from tests.unit import samples
from tests.unit.cli.apiserver import Live
from tests.unit.reconcile import fake
from tests.unit.reconcile.conftest import world
from tests.unit.reconcile.gpuapp import BROKEN, annotate, served, withdrawn

__all__ = ["served", "withdrawn", "world"]

SETTINGS = samples.settings()
OTHER = {"name": "OTHER", "value": "1"}


def test_the_foreseen_is_what_the_operator_makes(operator_made):
    """The operator's plan is applied to an API server in memory; nothing is left to change."""
    cluster, app = operator_made
    made = foresee(app, SETTINGS, World(SETTINGS, Live(cluster)))
    there = {c["kind"]: c["action"] for c in made.to_value()["changes"]}
    assert there == {
        "Environment": "keep", "ConfigMap": "keep", "Deployment": "keep", "Service": "keep",
    }  # fmt: skip


def test_with_a_cluster_what_would_change_is_told(operator_made):
    cluster, app = operator_made
    app["spec"]["replicas"] = 3
    made = foresee(app, SETTINGS, World(SETTINGS, Live(cluster)))
    changes = {c["kind"]: (c["action"], c["fields"]) for c in made.to_value()["changes"]}
    assert changes["Deployment"] == ("change", ["spec.replicas"])
    assert "          spec.replicas" in list(table.lines(made))
    assert changes["PodDisruptionBudget"][0] == "create"
    for kind in ("Service", "ConfigMap", "Environment"):
        assert changes[kind] == ("keep", [])
    app["spec"]["requirements"] = ["numpy==2.4.6"]
    changes = foresee(app, SETTINGS, World(SETTINGS, Live(cluster))).to_value()["changes"]
    assert [c["action"] for c in changes if c["kind"] in ("Environment", "Job")] == ["create"] * 2


@pytest.fixture
def operator_made():
    """A cluster in which the operator has made an app, and its FalApp."""
    app = samples.app()
    environment = samples.environment_of(app, status=samples.BUILT)
    cluster = fake.Cluster(app, samples.machine_type(), environment)

    async def apply():
        live = await cluster.get(ref(app))
        seen = await gather(cluster, samples.settings(), live, read(live), Answer())
        for change in plan(seen, samples.settings()).changes:
            await cluster.apply(stamped(change.desired))

    asyncio.run(apply())
    return cluster, samples.app()


def applied(world, **spec):
    """Return the FalApp as its file has it."""
    app = world.cluster.find("FalApp")
    return samples.app(**app["spec"] | spec)


def planned(world, app, live=None):
    made = foresee(app, world.settings, World(world.settings, live or Live(world.cluster)))
    [deployment] = [c for c in made.to_value()["changes"] if c["kind"] == "Deployment"]
    return deployment, made


def test_a_withdrawn_revision_is_not_run_again_by_being_applied_again(withdrawn):
    deployment, made = planned(withdrawn, applied(withdrawn))
    assert deployment == {"action": "keep", "kind": "Deployment", "name": "hello", "fields": []}
    [warning] = made.warnings
    assert warning.reason == "RolledBack"
    assert warning.message.startswith(f"revision {withdrawn.status()['withdrawn']['revision']}")
    assert any("RolledBack" in line for line in table.lines(made))


def test_another_revision_than_the_withdrawn_one_is_run(withdrawn):
    deployment, made = planned(withdrawn, applied(withdrawn, env=[]))
    # Its pods are there; what says of which Environment they are is all that is new.
    assert deployment["fields"] == [f"metadata.annotations.{meta.ANNOTATION_ENVIRONMENT}"]
    assert made.warnings == ()
    deployment, made = planned(withdrawn, applied(withdrawn, env=[*BROKEN["env"], OTHER]))
    assert deployment["action"] == "change"
    assert made.warnings == ()


def test_a_withdrawn_revision_is_run_when_it_is_to_be_tried_again(withdrawn):
    annotate(withdrawn, meta.ANNOTATION_RETRY, "1")
    assert planned(withdrawn, applied(withdrawn))[0]["action"] == "change"


def test_who_may_not_list_replica_sets_is_told_all_the_same(withdrawn):
    class Narrow(Live):
        def list(self, api_version, kind, namespace, labels):
            if kind == "ReplicaSet":
                raise ForbiddenError("no")
            return super().list(api_version, kind, namespace, labels)

    app = applied(withdrawn)
    live = Narrow(withdrawn.cluster)
    made = foresee(app, withdrawn.settings, World(withdrawn.settings, live))
    assert [w.reason for w in made.warnings] == ["RolledBack"]


def test_a_restart_by_annotation_is_not_undone_by_applying_the_file(served):
    annotate(served, meta.ANNOTATION_RESTART, "1")
    assert planned(served, applied(served))[0]["action"] == "change"
    asyncio.run(served.reconcile_app())
    assert planned(served, applied(served))[0]["action"] == "keep"

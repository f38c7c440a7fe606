"""A broken revision whose place was made free: the one before it gets that back, and keeps it."""

import pytest

from falapp_operator import errors
from falapp_operator.api import meta
from falapp_operator.reconcile.context import ENVIRONMENT
from tests.unit import samples, workloads
from tests.unit.reconcile.gpuapp import (
    BROKEN,
    SERVES,
    annotate,
    change,
    ready,
    revision,
    served,
    template,
    withdrawn,
)
from tests.unit.reconcile.nodes import pods_follow, settle
from tests.unit.workloads import SICK, runner_pod

__all__ = ["served", "withdrawn"]


async def test_step_by_step(served):
    before = template(served)
    change(served, **BROKEN)
    assert await served.reconcile_app() == ["apply Deployment hello", "status FalApp hello"]
    broken = revision(served)
    assert pods_follow(served)
    # First it is written down, and nothing else.
    assert await served.reconcile_app() == ["status FalApp hello"]
    assert served.again == 0.0
    assert revision(served) == broken
    assert served.status()["withdrawn"] == {
        "revision": broken,
        "reason": "SetupFailed",
        "message": "ValueError: sick",
    }
    assert ready(served) == ("False", "SetupFailed", SERVES.format("0 of 1"))
    # Then it is carried out.
    assert await served.reconcile_app() == ["apply Deployment hello"]
    assert template(served) == before
    assert pods_follow(served)
    assert await served.reconcile_app() == ["status FalApp hello"]
    assert ready(served) == ("False", "SetupFailed", SERVES.format("1 of 1"))
    assert len(served.cluster.names("ReplicaSet")) == 2, "no third template"
    assert await served.reconcile_app() == []


async def test_what_came_to_serve_before_it_was_carried_out_is_left_alone(served):
    change(served, **BROKEN)
    await served.reconcile_app()
    pods_follow(served)
    await served.reconcile_app()
    assert "withdrawn" in served.status()
    served.restart()
    served.start_runners(runner_pod())
    assert await served.reconcile_app() == ["status FalApp hello"]
    assert ready(served)[:2] == ("True", "RunnersReady")
    assert "withdrawn" not in served.status()
    assert served.status()["latestReadyRevision"] == revision(served) != served.first


async def test_the_status_says_what_failed_and_what_serves(withdrawn):
    status = withdrawn.status()
    conditions = status["conditions"]
    assert status["readyReplicas"] == status["replicas"] == 1
    assert status["latestReadyRevision"] == revision(withdrawn) == withdrawn.first
    assert status["failure"] == {
        "reason": "SetupFailed",
        "message": "ValueError: sick",
        "logTail": "line 9",
        "command": "kubectl describe falapp -n video hello",
    }
    assert conditions["Stalled"]["status"] == "True"
    assert conditions["Stalled"]["message"] == ready(withdrawn)[2]
    assert conditions["SetupComplete"]["reason"] == "SetupFailed"
    told = conditions["Withdrawn"]
    assert (told["status"], told["reason"]) == ("True", "RolledBack")
    way_out = f'kubectl annotate falapp -n video hello {meta.ANNOTATION_RETRY}="$(date)"'
    assert way_out in told["message"]
    assert withdrawn.first in told["message"]


async def test_it_is_told_once(withdrawn):
    await settle(withdrawn)
    told = [t for t in withdrawn.told() if t.startswith("Warning RolledBack: revision ")]
    assert len(told) == 1
    annotate(withdrawn, meta.ANNOTATION_RETRY, "1")
    await settle(withdrawn)
    assert len([t for t in withdrawn.told() if "RolledBack" in t]) == 2, "another try"


async def test_setup_gets_a_second_chance(served):
    change(served, **BROKEN)
    await served.reconcile_app()
    failed = workloads.ended(1, message='{"reason": "SetupFailed", "message": "no luck"}')
    again = workloads.running("runner", ready=False, last=failed)
    for status, is_withdrawn in (
        (workloads.terminated("runner", 1, message=failed["message"]), False),
        (again, False),
        (workloads.waiting("runner", "CrashLoopBackOff", last=failed), True),
    ):
        served.start_runners(runner_pod(containers=[status]))
        await served.reconcile_app()
        assert ready(served)[1] == "SetupFailed"
        assert ("withdrawn" in served.status()) == is_withdrawn


async def test_where_former_runners_all_serve_the_broken_one_is_tried_on(served):
    old = runner_pod("old", revision=served.first)
    change(served, **BROKEN)
    await served.reconcile_app()
    pods_follow(served)
    served.cluster.put(old)
    served.cluster.reads.clear()
    await served.reconcile_app()
    assert "withdrawn" not in served.status()
    assert served.cluster.reads["list ReplicaSet"] == 0
    assert ready(served)[2] == "ValueError: sick; 1 runner of the former revision still serves"
    change(served, replicas=2)
    await served.reconcile_app()
    assert served.status()["withdrawn"]["message"] == "ValueError: sick"


async def test_the_first_revision_has_none_to_give_way_to(world):
    world.cluster.put(samples.app(**BROKEN))
    await settle(world)
    change(world, env=[SICK, {"name": "A", "value": "1"}])
    await settle(world)
    assert ready(world) == ("False", "SetupFailed", "ValueError: sick")
    assert "withdrawn" not in world.status()
    assert "Withdrawn" not in world.status()["conditions"]
    assert "kubectl logs" in world.status()["failure"]["command"]


async def test_another_try_is_made_when_it_is_asked_for_and_only_then(withdrawn):
    withdrawn.restart()
    withdrawn.wait(3600)
    assert await withdrawn.reconcile_app() == []
    annotate(withdrawn, meta.ANNOTATION_RETRY, "1")
    assert "apply Deployment hello" in await withdrawn.reconcile_app()
    assert revision(withdrawn) != withdrawn.first
    assert "withdrawn" not in withdrawn.status()
    assert ready(withdrawn)[1] == "Starting"
    await settle(withdrawn)
    assert revision(withdrawn) == withdrawn.first
    assert withdrawn.status()["retried"] == "1"
    assert ready(withdrawn) == ("False", "SetupFailed", SERVES.format("1 of 1"))


async def test_another_try_is_not_judged_before_it_is_made(withdrawn):
    """What is left of the one before is on its way out, and may not have heard of it yet."""
    broken = withdrawn.status()["withdrawn"]["revision"]
    withdrawn.cluster.remove("Pod")
    left = runner_pod("left", revision=broken, containers=[workloads.raising()])
    withdrawn.cluster.put(left)
    annotate(withdrawn, meta.ANNOTATION_RETRY, "1")
    await withdrawn.reconcile_app()
    assert revision(withdrawn) == broken
    assert "withdrawn" not in withdrawn.status()


async def test_a_try_that_succeeds_is_whole(withdrawn):
    annotate(withdrawn, meta.ANNOTATION_RETRY, "1")
    await withdrawn.reconcile_app()
    withdrawn.start_runners(runner_pod())
    await withdrawn.reconcile_app()
    assert ready(withdrawn)[:2] == ("True", "RunnersReady")
    assert withdrawn.status()["latestReadyRevision"] == revision(withdrawn) != withdrawn.first
    assert "failure" not in withdrawn.status()


@pytest.mark.parametrize("other", [{"env": None}, {"env": [{"name": "A", "value": "1"}]}], ids=str)
async def test_another_spec_is_tried_as_ever(withdrawn, other):
    before = withdrawn.cluster.names("Pod")
    change(withdrawn, **other)
    await settle(withdrawn)
    assert ready(withdrawn)[0] == "True"
    assert not {"withdrawn", "failure"} & set(withdrawn.status())
    assert withdrawn.status()["latestReadyRevision"] == revision(withdrawn)
    went_back = other["env"] is None
    assert (withdrawn.cluster.names("Pod") == before) == went_back, "back starts no runner"
    containers = template(withdrawn)["spec"]["containers"]
    assert SICK not in containers[0]["env"]


async def test_a_restart_tries_the_same_as_another_revision(withdrawn):
    annotate(withdrawn, meta.ANNOTATION_RESTART, "1")
    assert "apply Deployment hello" in await withdrawn.reconcile_app()
    assert "withdrawn" not in withdrawn.status()
    await settle(withdrawn)
    assert revision(withdrawn) == withdrawn.first
    assert meta.ANNOTATION_RESTART not in template(withdrawn)["metadata"]["annotations"]


async def test_broken_ones_in_a_row_come_back_to_the_one_that_served(withdrawn):
    for value in "1234":
        change(withdrawn, env=[SICK, {"name": "A", "value": value}])
        await settle(withdrawn)
        assert revision(withdrawn) == withdrawn.first
        assert ready(withdrawn) == ("False", "SetupFailed", SERVES.format("1 of 1"))


async def test_who_may_not_list_replica_sets_goes_on_trying(served):
    served.cluster.trouble["list ReplicaSet"] = errors.ForbiddenError("not allowed")
    change(served, **BROKEN)
    await settle(served)
    assert ready(served) == ("False", "SetupFailed", "ValueError: sick")
    assert "withdrawn" not in served.status()
    del served.cluster.trouble["list ReplicaSet"]
    await settle(served)
    assert revision(served) == served.first


async def test_what_serves_asks_for_no_replica_sets(served):
    served.cluster.reads.clear()
    assert await served.reconcile_app() == []
    assert served.cluster.reads["list ReplicaSet"] == 0


async def test_what_the_former_revision_needs_stays(served):
    inline = {"app.py": samples.CODE + "# other\n"}
    needed = set(served.cluster.names("ConfigMap")), set(served.cluster.names(ENVIRONMENT))
    change(served, **BROKEN, source={"inline": inline}, requirements=["numpy==2"])
    await settle(served)
    assert revision(served) == served.first
    volume = template(served)["spec"]["volumes"][0]["configMap"]["name"]
    for names, kind in zip(needed, ("ConfigMap", ENVIRONMENT), strict=True):
        assert names < set(served.cluster.names(kind))
    assert volume in needed[0]
    assert served.cluster.find("Service") is not None
    change(served, env=None)
    await settle(served)
    assert volume not in served.cluster.names("ConfigMap")
    assert len(served.cluster.names(ENVIRONMENT)) == 1

"""While a revision is withdrawn: whatever else happens, nothing goes back and forth."""

import copy
import json

import pytest

from falapp_operator import errors
from falapp_operator.api import meta
from falapp_operator.reconcile.context import ENVIRONMENT
from falapp_operator.runner import ended
from tests.unit import samples, workloads
from tests.unit.reconcile.gpuapp import (
    BROKEN,
    SERVES,
    annotate,
    change,
    deployment,
    ready,
    revision,
    served,
    template,
    withdrawn,
)
from tests.unit.reconcile.nodes import settle
from tests.unit.workloads import SICK, runner_pod

__all__ = ["served", "withdrawn"]


async def test_the_former_revision_is_scaled(withdrawn):
    change(withdrawn, replicas=3)
    wrote = await withdrawn.reconcile_app()
    assert wrote[:2] == ["apply Deployment hello", "apply PodDisruptionBudget hello"]
    assert deployment(withdrawn)["spec"]["replicas"] == 3
    await settle(withdrawn)
    assert ready(withdrawn)[2] == SERVES.format("3 of 3")
    assert withdrawn.status()["readyReplicas"] == 3
    change(withdrawn, replicas=0)
    await settle(withdrawn)
    assert ready(withdrawn) == (
        "False",
        "SetupFailed",
        "ValueError: sick; the former revision has its place again",
    )
    assert deployment(withdrawn)["spec"]["replicas"] == 0
    assert revision(withdrawn) == withdrawn.first


async def test_suspended_it_is_quiet_and_resumed_as_before(withdrawn):
    change(withdrawn, suspend=True)
    await settle(withdrawn)
    assert ready(withdrawn)[:2] == ("True", "Suspended")
    assert "failure" not in withdrawn.status()
    annotate(withdrawn, meta.ANNOTATION_RETRY, "1")
    assert await withdrawn.reconcile_app() == []
    change(withdrawn, suspend=None)
    assert "withdrawn" in withdrawn.status()
    await withdrawn.reconcile_app()
    assert "withdrawn" not in withdrawn.status(), "the wish was kept until then"


async def test_resumed_without_a_wish_the_former_one_starts(withdrawn):
    change(withdrawn, suspend=True)
    await settle(withdrawn)
    change(withdrawn, suspend=None)
    await settle(withdrawn)
    assert ready(withdrawn) == ("False", "SetupFailed", SERVES.format("1 of 1"))
    assert revision(withdrawn) == withdrawn.first
    assert withdrawn.status()["failure"]["message"] == "ValueError: sick"


async def test_what_somebody_does_to_the_deployment_is_put_right(withdrawn):
    before = deployment(withdrawn)["spec"]
    spec = copy.deepcopy(before)
    spec["template"]["spec"]["containers"][0]["image"] = "other"
    withdrawn.cluster.change("Deployment", spec=spec)
    assert await withdrawn.reconcile_app() == ["apply Deployment hello"]
    assert deployment(withdrawn)["spec"] == before


async def test_a_rollout_restart_starts_the_former_revision_anew(withdrawn):
    spec = deployment(withdrawn)["spec"]
    annotations = spec["template"]["metadata"]["annotations"]
    annotations[meta.ANNOTATION_RESTARTED] = "2026-11-22T12:00:00Z"
    withdrawn.cluster.change("Deployment", spec=spec)
    await settle_restarted(withdrawn)
    assert await withdrawn.reconcile_app() == []
    assert ready(withdrawn)[2] == SERVES.format("1 of 1")
    change(withdrawn, env=None)
    await withdrawn.reconcile_app()
    assert ready(withdrawn)[0] == "True"
    kept = template(withdrawn)["metadata"]["annotations"]
    assert kept[meta.ANNOTATION_RESTARTED] == "2026-11-22T12:00:00Z"


async def settle_restarted(world):
    """Have the pods that `kubectl rollout restart` asks for."""
    fresh = runner_pod("fresh")
    fresh["metadata"]["annotations"][meta.ANNOTATION_RESTARTED] = "2026-11-22T12:00:00Z"
    world.start_runners(fresh)
    await world.reconcile_app()


@pytest.mark.parametrize("meanwhile", [{"machineType": "none"}, {"requirements": ["-r x.txt"]}])
async def test_a_spec_with_another_fault_changes_nothing_of_it(withdrawn, meanwhile):
    before = withdrawn.status()["withdrawn"]
    change(withdrawn, **meanwhile)
    await settle(withdrawn)
    assert ready(withdrawn)[1] in ("UnknownMachineType", "InvalidRequirement")
    assert withdrawn.status()["withdrawn"] == before
    requirements = samples.app()["spec"]["requirements"]
    change(withdrawn, machineType="gpu", requirements=requirements)
    await settle(withdrawn)
    assert ready(withdrawn) == ("False", "SetupFailed", SERVES.format("1 of 1"))
    assert revision(withdrawn) == withdrawn.first


async def test_a_spec_that_cannot_be_read_forgets_nothing(withdrawn):
    annotate(withdrawn, meta.ANNOTATION_RETRY, "1")
    await settle(withdrawn)
    before = withdrawn.status()
    change(withdrawn, unknown="x")
    await withdrawn.reconcile_app()
    assert ready(withdrawn)[1] == "InvalidSpec"
    change(withdrawn, unknown=None)
    await settle(withdrawn)
    assert ready(withdrawn) == ("False", "SetupFailed", SERVES.format("1 of 1"))
    for field in ("withdrawn", "latestReadyRevision", "retried"):
        assert withdrawn.status()[field] == before[field]


async def test_a_wish_is_one_for_whatever_waits(withdrawn):
    """It was meant for the build, and the revision has its chance with it."""
    name = withdrawn.status()["environment"]["name"]
    withdrawn.cluster.change(ENVIRONMENT, name, status=samples.NOT_FOUND)
    annotate(withdrawn, meta.ANNOTATION_RETRY, "1")
    await withdrawn.reconcile_app()
    assert "withdrawn" not in withdrawn.status()


async def test_the_former_revisions_own_trouble_is_named(withdrawn):
    pending = runner_pod("p", unscheduled="0/3 nodes are available: 3 Insufficient nvidia.com/gpu")
    withdrawn.start_runners(pending)
    await withdrawn.reconcile_app()
    assert ready(withdrawn)[2] == SERVES.format("0 of 1") + " (WaitingForCapacity)"


async def test_without_its_replica_set_what_runs_is_left_alone(withdrawn):
    for name in withdrawn.cluster.names("ReplicaSet"):
        withdrawn.cluster.remove("ReplicaSet", name)
    assert await withdrawn.reconcile_app() == []
    change(withdrawn, replicas=2)
    wrote = await withdrawn.reconcile_app()
    assert "scale Deployment hello" in wrote
    assert "apply Deployment hello" not in wrote
    assert revision(withdrawn) == withdrawn.first
    assert "withdrawn" in withdrawn.status()


async def test_without_its_deployment_it_is_tried_anew(withdrawn):
    withdrawn.cluster.remove("Deployment")
    assert "apply Deployment hello" in await withdrawn.reconcile_app()
    assert "withdrawn" not in withdrawn.status()
    assert revision(withdrawn) != withdrawn.first


async def test_replica_sets_of_others_are_none_of_ours(served):
    for name in served.cluster.names("ReplicaSet"):
        found = served.cluster.find("ReplicaSet", name)
        found["metadata"]["ownerReferences"][0]["uid"] = "uid-of-another"
        served.cluster.put(found)
    change(served, **BROKEN)
    await served.reconcile_app()
    served.start_runners(runner_pod(containers=[crashed("SetupFailed")]))
    await served.reconcile_app()
    assert "withdrawn" not in served.status()


def crashed(reason):
    message = json.dumps({"reason": reason, "message": "why"})
    return workloads.waiting("runner", "CrashLoopBackOff", last=workloads.ended(1, message=message))


MISSING = workloads.waiting("runner", "CreateContainerConfigError", 'secret "hf" not found')
KILLED = workloads.waiting("runner", "CrashLoopBackOff", last=workloads.ended(137, "OOMKilled"))
NO_PULL = workloads.waiting("runner", "ImagePullBackOff")


@pytest.mark.parametrize(
    ("container", "gives_way"),
    [
        *((crashed(reason), True) for reason in sorted(ended.BEFORE_READY)),
        *((crashed(reason), True) for reason in ("PortTaken", "ServeFailed", "SourceNotFound")),
        (KILLED, True),
        *((crashed(reason), False) for reason in ("WorkerLost", "SecretNotFound", "DiskFull")),
        *((crashed(reason), False) for reason in ("SourceUnreachable", "AccessDenied")),
        (MISSING, False),
        (NO_PULL, False),
    ],
)
async def test_what_is_the_revisions_own_fault(served, container, gives_way):
    change(served, **BROKEN)
    await served.reconcile_app()
    served.start_runners(runner_pod(containers=[container]))
    await served.reconcile_app()
    assert ready(served)[0] == "False"
    assert ("withdrawn" in served.status()) == gives_way
    await served.reconcile_app()
    assert (revision(served) == served.first) == gives_way


async def test_an_upgrade_writes_nothing_and_remembers_what_is_ready(served):
    status = served.cluster.find("FalApp")["status"]
    del status["latestReadyRevision"]
    served.cluster.change("FalApp", status=status)
    assert await served.reconcile_app() == []
    change(served, **BROKEN)
    await served.reconcile_app()
    assert served.status()["latestReadyRevision"] == served.first
    await settle(served)
    assert revision(served) == served.first


async def test_what_was_never_ready_is_not_remembered(world):
    world.cluster.put(samples.app(replicas=0))
    await settle(world)
    assert ready(world)[:2] == ("True", "ScaledToZero")
    assert "latestReadyRevision" not in world.status()


@pytest.mark.parametrize("without", [{"replicas": 0}, {"suspend": True}], ids=str)
async def test_what_is_whole_without_a_runner_has_shown_nothing(served, without):
    """As an app that is scaled to zero until somebody asks it something."""
    change(served, **without)
    await settle(served)
    change(served, source={"inline": {"app.py": samples.CODE + "#"}}, **BROKEN)
    await settle(served)
    assert ready(served)[0] == "True"
    assert served.status()["latestReadyRevision"] == served.first
    assert await served.reconcile_app() == []
    change(served, replicas=1, suspend=None)
    await settle(served)
    assert ready(served) == ("False", "SetupFailed", SERVES.format("1 of 1"))
    volume = template(served)["spec"]["volumes"][0]["configMap"]["name"]
    assert volume in served.cluster.names("ConfigMap")


async def test_a_template_that_the_cluster_refuses_is_no_other_try(served):
    change(served, **BROKEN)
    for _ in range(2):
        await served.reconcile_app()
        served.start_runners(runner_pod(containers=[crashed("SetupFailed")]))
    served.cluster.trouble["apply Deployment"] = errors.RefusedError("no", "quota")
    with pytest.raises(errors.RefusedError):
        await served.reconcile_app()
    assert ready(served)[1] == "Refused"
    assert "withdrawn" in served.status()
    served.cluster.trouble.clear()
    await settle(served)
    assert revision(served) == served.first
    assert ready(served)[1] == "SetupFailed"
    assert SICK not in template(served)["spec"]["containers"][0]["env"]

"""The rest of Kubernetes beside the World: builds end, pods come and go, and passes are made."""

import copy

from falapp_operator.api import meta
from falapp_operator.api.objects import fingerprint, owner_reference
from falapp_operator.reconcile import environments
from falapp_operator.reconcile.context import BUILD, ENVIRONMENT, FALAPP
from falapp_operator.reconcile.queue import Key
from tests.unit import samples, workloads

BROKEN = "broken==1"
"""A requirement whose build fails."""
_MOST = 60
_NUMBER = "deployment.kubernetes.io/revision"
_KEPT = 2


async def settle(world, *, passes=_MOST):
    """Make passes until nothing is written any more and nothing runs."""
    for _ in range(passes):
        wrote = await _round(world)
        moved = _builds_end(world) | pods_follow(world)
        if not wrote and not moved:
            return
        world.wait(5)
    raise AssertionError(f"it never comes to rest; last written: {world.cluster.writes}")


async def _round(world):
    """Make a pass over everything; return what was written."""
    wrote = []
    for name in world.cluster.names(FALAPP):
        wrote += await world.reconcile_app(name)
    for name in world.cluster.names(ENVIRONMENT):
        wrote += await world.reconcile_environment(name)
    for name in world.cluster.names("Job"):
        wrote += await world._writes(environments.reconcile_build, Key(BUILD, "", name))
    return wrote


def _builds_end(world):
    """Have each build that was told what to do succeed, or fail where it must."""
    moved = False
    for name in world.cluster.names("Job"):
        job = world.cluster.find("Job", name)
        if "conditions" in job.get("status", {}) or name not in world.cluster.names("ConfigMap"):
            continue
        environment = world.cluster.find(ENVIRONMENT, name)
        broken = environment is not None and [BROKEN] in environment["spec"]["layers"]
        if broken:
            report = '{"reason": "PackageNotFound", "message": "there is no package broken"}'
            step = workloads.terminated("resolve", 1, message=report)
            pod = workloads.build_pod(name, step, phase="Failed")
            pod["metadata"]["ownerReferences"][0]["uid"] = job["metadata"]["uid"]
            world.cluster.put(pod)
        else:
            tag = f"env-{job['metadata']['annotations'][meta.ANNOTATION_KEY]}"
            assert tag.startswith(name)
            world.registry.push(tag)
            world.registry.locks[tag] = "lock"
        status = workloads.failed() if broken else workloads.complete()
        world.cluster.change("Job", name, status=status)
        moved = True
    return moved


def pods_follow(world):
    """Have each Deployment's pods, all of its revision; return whether that changed anything."""
    moved = False
    for name in world.cluster.names("Deployment"):
        deployment = world.cluster.find("Deployment", name)
        replica_sets_follow(world, deployment)
        template = deployment["spec"]["template"]
        revision = template["metadata"]["annotations"][meta.ANNOTATION_REVISION]
        sick = workloads.SICK in template["spec"]["containers"][0]["env"]
        wanted = {f"{name}-{revision}-{n}": revision for n in range(deployment["spec"]["replicas"])}
        there = [p for p in world.cluster.names("Pod") if p.startswith(f"{name}-")]
        for gone in set(there) - set(wanted):
            world.cluster.remove("Pod", gone)
            moved = True
        for new in set(wanted) - set(there):
            uid = deployment["metadata"]["uid"]
            owner = {"kind": "Deployment", "name": name, "uid": uid, "controller": True}
            more = {"containers": [workloads.raising()]} if sick else {}
            pod = workloads.runner_pod(
                new, app=name, revision=revision, ownerReferences=[owner], **more
            )
            world.cluster.put(pod)
            moved = True
    return moved


def replica_sets_follow(world, deployment):
    """Have the ReplicaSet of a Deployment's template, which is the newest, and two former ones."""
    cluster, uid = world.cluster, deployment["metadata"]["uid"]
    found = [cluster.find("ReplicaSet", name) for name in cluster.names("ReplicaSet")]
    mine = [r for r in found if r["metadata"]["ownerReferences"][0]["uid"] == uid]
    newest = max((_number(r) for r in mine), default=0)
    template = copy.deepcopy(deployment["spec"]["template"])
    digest = fingerprint(template, 10)
    template["metadata"]["labels"]["pod-template-hash"] = digest
    name = f"{deployment['metadata']['name']}-{digest}"
    was = next((r for r in mine if r["metadata"]["name"] == name), None)
    if was is None or _number(was) < newest:
        owner = owner_reference(deployment, controller=True)
        metadata = samples.metadata(
            name,
            deployment["metadata"]["namespace"],
            labels=template["metadata"]["labels"],
            annotations={_NUMBER: str(newest + 1)},
            ownerReferences=[owner],
        )
        kind = {"apiVersion": "apps/v1", "kind": "ReplicaSet"}
        cluster.put(kind | {"metadata": metadata, "spec": {"template": template}})
    others = sorted((r for r in mine if r["metadata"]["name"] != name), key=_number)
    for old in others[:-_KEPT]:
        cluster.remove("ReplicaSet", old["metadata"]["name"])


def _number(replica_set):
    return int(replica_set["metadata"]["annotations"][_NUMBER])

"""Snapshots of an app at each stage of its life."""

import copy
import dataclasses

from falapp_operator.api import meta
from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.api.objects import stamped
from falapp_operator.environment.manifest import spec_of
from falapp_operator.errors import UserError
from falapp_operator.reconcile.plan import plan
from falapp_operator.reconcile.snapshot import Snapshot
from tests.unit import samples, workloads

SETTINGS = samples.settings()


def seen(app=None, *, python="3.11", machine_type=True, environment=None, **more):
    """Return a snapshot; ``environment`` is the status of the Environment asked for."""
    app = app or samples.app()
    spec = FalAppSpec.model_validate(app["spec"])
    fields = {
        "app": app,
        "spec": spec,
        "python": python,
        "machine": MachineTypeSpec.model_validate(samples.machine_type()["spec"])
        if machine_type
        else None,
        "machine_types": () if machine_type else ("gpu-h100", "s"),
        "files": dict(spec.source.inline or {}),
        "wanted": wanted(spec, python),
        "environment": None,
        "former_environments": (),
        "deployment": None,
        "service": None,
        "disruption": None,
        "pods": (),
        "sources": (),
    }
    if environment is not None:
        fields["environment"] = samples.environment_of(app, status=environment)
    return Snapshot(**(fields | more))


def wanted(spec, python):
    """Return what a spec asks to be built, as `gathering.gather` does."""
    if python not in SETTINGS.pythons:
        return None
    try:
        return spec_of(spec, python, SETTINGS)
    except UserError as error:
        return error


def revision(deployment):
    """Return the revision of a Deployment's pods."""
    return deployment["spec"]["template"]["metadata"]["annotations"][meta.ANNOTATION_REVISION]


def served(app=None, *pods, **more):
    """Return a snapshot of an app that is applied; ``pods`` default to as many as it asks for."""
    app = app or samples.app()
    first = seen(app, environment=samples.BUILT)
    source, deployment, service, *disruption = (
        stamped(change.desired) for change in plan(first, SETTINGS).changes
    )
    if not pods:
        names = (f"hello-{i}" for i in range(first.spec.runners))
        pods = tuple(workloads.runner_pod(n) for n in names)
    for pod in pods:
        if pod["metadata"]["annotations"][meta.ANNOTATION_REVISION] == "rev":
            pod["metadata"]["annotations"][meta.ANNOTATION_REVISION] = revision(deployment)
    fields = {
        "deployment": deployment,
        "service": service,
        "disruption": disruption[0] if disruption else None,
        "sources": (source,),
        "pods": pods,
    }
    return seen(app, environment=samples.BUILT, **(fields | more))


def withdrawn(reason, *pods, **spec):
    """Return a snapshot of an app whose revision "old" has its place again; it is all that runs."""
    base = served(samples.app(**spec))
    owner = {"uid": "uid-of-deployment", "controller": True}
    deployment = copy.deepcopy(base.deployment)
    deployment["metadata"]["uid"] = owner["uid"]
    wanted = revision(deployment)
    template = deployment["spec"]["template"]
    template["metadata"]["annotations"][meta.ANNOTATION_REVISION] = "old"
    replica_set = {"metadata": {"ownerReferences": [owner]}, "spec": {"template": template}}
    told = {"revision": wanted, "reason": reason, "message": "why"}
    failure = {"reason": reason, "message": "why", "logTail": "line 9"}
    status = {"latestReadyRevision": "old", "withdrawn": told, "failure": failure}
    return dataclasses.replace(
        base,
        app=base.app | {"status": status},
        deployment=deployment,
        replica_sets=(replica_set,),
        pods=pods,
    )

"""Pods and Jobs as the kubelet and the controllers of Kubernetes 1.36 leave them."""

import json

from falapp_operator.api import meta
from tests.unit import samples

SICK = {"name": "SICK", "value": "1"}
"""A variable of an app whose setup() raises."""
_RAISED = json.dumps({"reason": "SetupFailed", "message": "ValueError: sick", "logTail": "line 9"})


def waiting(name, reason, message="", *, last=None):
    """Return the status of a container that does not run."""
    state = {"waiting": {"reason": reason} | ({"message": message} if message else {})}
    return _container(name, state, last=last)


def running(name, since=0, *, ready=True, started=None, last=None):
    """Return the status of a container that runs; one that is ready has started."""
    state = {"running": {"startedAt": samples.at(since)}}
    return _container(name, state, ready=ready, started=started, last=last)


def raising():
    """Return the status of a runner whose setup() has raised twice."""
    return waiting("runner", "CrashLoopBackOff", last=ended(1, message=_RAISED))


def terminated(name, code=0, reason=None, message=""):
    """Return the status of a container that has ended."""
    return _container(name, {"terminated": ended(code, reason, message)}, ready=code == 0)


def ended(code, reason=None, message=""):
    """Return how a container ended."""
    made = {
        "exitCode": code,
        "reason": reason or ("Error" if code else "Completed"),
        "startedAt": samples.at(),
        "finishedAt": samples.at(5),
        "containerID": "containerd://" + "b" * 64,
    }
    return made | ({"message": message} if message else {})


def _container(name, state, *, ready=False, started=None, last=None):
    made = {
        "name": name,
        "state": state,
        "lastState": {"terminated": last} if last else {},
        "ready": ready,
        "restartCount": 1 if last else 0,
        "image": f"registry.example:5000/{name}:v1",
        "imageID": "",
    }
    return made | {"started": "running" in state and (ready if started is None else started)}


def pod(
    name,
    *,
    init=(),
    containers=(),
    phase="Running",
    ready=None,
    unready_since=0,
    unscheduled="",
    **meta_fields,
):
    """Return a Pod with its conditions and container statuses.

    One that is not ready never was, unless it is unready only since a later time.
    """
    holds = all("running" in c["state"] and c["ready"] for c in containers) if containers else False
    ready = holds if ready is None else ready
    conditions = [
        _pod_condition("PodReadyToStartContainers", not unscheduled),
        _pod_condition("Initialized", not unscheduled),
        _pod_condition(
            "Ready", ready, since=42 if ready else unready_since, reason="ContainersNotReady"
        ),
        _pod_condition("ContainersReady", ready, reason="ContainersNotReady"),
        _pod_condition("PodScheduled", not unscheduled, "Unschedulable", unscheduled),
    ]
    status = {
        "phase": "Pending" if unscheduled else phase,
        "observedGeneration": 1,
        "conditions": conditions[-1:] if unscheduled else conditions,
        "qosClass": "Guaranteed",
    }
    if not unscheduled:
        status |= {"hostIP": "172.18.0.2", "podIP": "10.244.0.9", "startTime": samples.at()}
    if init and not unscheduled:
        status["initContainerStatuses"] = list(init)
    if containers and not unscheduled:
        status["containerStatuses"] = list(containers)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": samples.metadata(name, **({"namespace": samples.NAMESPACE} | meta_fields)),
        "spec": _pod_spec(init),
        "status": status,
    }


def _pod_spec(init):
    return {
        "initContainers": [{"name": c["name"], "image": c["image"]} for c in init],
        "containers": [
            {
                "name": "runner",
                "image": samples.IMAGE,
                "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
                "startupProbe": {"httpGet": {"path": "/startup", "port": "control"}},
            }
        ],
    }


def _pod_condition(type_, holds, reason="", message="", *, since=0):
    made = {
        "type": type_,
        "status": "True" if holds else "False",
        "observedGeneration": 1,
        "lastProbeTime": None,
        "lastTransitionTime": samples.at(since),
    }
    if not holds and reason:
        made |= {"reason": reason, "message": message}
    return made


def runner_pod(name="hello-1", *, revision="rev", app="hello", **more):
    """Return the Pod of a runner; by default it serves."""
    more.setdefault("init", [terminated("runtime")])
    more.setdefault("containers", [running("runner", 2)])
    return pod(
        name,
        labels=meta.app_labels(app) | {"pod-template-hash": "5d4f8c7b9"},
        annotations={meta.ANNOTATION_REVISION: revision},
        **more,
    )


def build_pod(environment_name, *containers, phase="Running", name=None, **more):
    """Return the Pod of a build Job; ``containers`` are its steps' statuses, in order."""
    return pod(
        name or f"{environment_name}-x7k2p",
        namespace=samples.BUILDS,
        init=[c for c in containers if c["name"] != "publish"],
        containers=[c for c in containers if c["name"] == "publish"],
        phase=phase,
        ready=False,
        labels=meta.environment_labels(environment_name)
        | {"batch.kubernetes.io/job-name": environment_name},
        ownerReferences=[
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "name": environment_name,
                "uid": f"uid-of-job-{environment_name}",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
        **more,
    )


def job(name, status=None, *, created=1, key=""):
    """Return a build Job, of an Environment's ``key``; without ``status`` it is running."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": samples.metadata(
            name,
            samples.BUILDS,
            uid=f"uid-of-job-{name}",
            created=created,
            labels=meta.environment_labels(name),
            annotations={meta.ANNOTATION_KEY: key},
        ),
        "spec": {"backoffLimit": 0, "parallelism": 1, "completions": 1, "suspend": False},
        "status": status
        or {
            "startTime": samples.at(created),
            "active": 1,
            "ready": 0,
            "terminating": 0,
            "uncountedTerminatedPods": {},
        },
    }


def complete(started=1, finished=49):
    """Return the status of a Job that succeeded."""
    conditions = [
        _job_condition(
            t, finished, "CompletionsReached", "Reached expected number of succeeded pods"
        )
        for t in ("SuccessCriteriaMet", "Complete")
    ]
    return {
        "startTime": samples.at(started),
        "completionTime": samples.at(finished),
        "succeeded": 1,
        "ready": 0,
        "terminating": 0,
        "uncountedTerminatedPods": {},
        "conditions": conditions,
    }


def failed(
    reason="BackoffLimitExceeded", message="Job has reached the specified backoff limit", since=30
):
    """Return the status of a Job that failed."""
    return {
        "startTime": samples.at(1),
        "failed": 1,
        "ready": 0,
        "terminating": 0,
        "uncountedTerminatedPods": {},
        "conditions": [
            _job_condition(t, since, reason, message) for t in ("FailureTarget", "Failed")
        ],
    }


def _job_condition(type_, since, reason, message):
    return {
        "type": type_,
        "status": "True",
        "lastProbeTime": samples.at(since),
        "lastTransitionTime": samples.at(since),
        "reason": reason,
        "message": message,
    }

"""How an app's runners fare: from its pods to one picture.

A runner tells what went wrong through its container's termination message; the kubelet tells what
kept it from starting (a missing Secret, an image that cannot be pulled), and the scheduler what
keeps it from having a node. So the operator reads no Secret and calls no pod.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from falapp_operator.api import meta
from falapp_operator.api.conditions import Reason
from falapp_operator.api.objects import Object, annotation
from falapp_operator.runner import capacity, ended, inits, life
from falapp_operator.runner import pod as pods_
from falapp_operator.runner.capacity import Place
from falapp_operator.runner.ended import Trouble
from falapp_operator.runner.life import condition, is_ready


@dataclass(frozen=True, kw_only=True)
class Runners:
    """An app's runners at one moment."""

    total: int
    """Pods of any revision that are neither on their way out nor finished, as evicted ones are."""
    ready: int
    """Pods of any revision that serve."""
    current: int
    """Pods of the current revision."""
    current_ready: int
    """Pods of the current revision that serve."""
    current_started: int
    """Pods of the current revision in which setup() has returned, those that serve included."""
    former_ready: int
    """Pods of former revisions that serve, those on their way out included: they may answer yet."""
    slowest_start: float
    """Seconds from process start to ready of the slowest current runner; 0 when none is ready."""
    trouble: Trouble | None
    """The trouble of a current runner, the worst one."""


def runners(
    pods: Iterable[Object], revision: str, *, place: Place | None = None, restarted: str = ""
) -> Runners:
    """Return how ``pods`` fare.

    Args:
        pods: All pods of the app.
        revision: Pods of this revision are current.
        place: Where the app looks for room, if that is known; to say why it finds none.
        restarted: When ``kubectl rollout restart`` was last asked to start the Deployment's pods
            anew; pods that know of another time, or of none, are former ones.
    """
    pods = list(pods)
    alive = [p for p in pods if _is_alive(p)]
    current = [p for p in alive if _is_of(p, revision, restarted)]
    ready = [p for p in current if is_ready(p)]
    troubles = [t for t in (trouble(p, place) for p in current if not is_ready(p)) if t]
    return Runners(
        total=len(alive),
        ready=sum(is_ready(p) for p in alive),
        current=len(current),
        current_ready=len(ready),
        current_started=sum(life.is_started(p) for p in current),
        former_ready=sum(is_ready(p) for p in pods if not _is_of(p, revision, restarted)),
        slowest_start=max((_start_seconds(p) for p in ready), default=0.0),
        trouble=max(troubles, key=lambda t: (t.hopeless, t.stalled), default=None),
    )


def _is_of(pod: Object, revision: str, restarted: str) -> bool:
    same = annotation(pod, meta.ANNOTATION_RESTARTED) == restarted
    return bool(revision) and annotation(pod, meta.ANNOTATION_REVISION) == revision and same


def _is_alive(pod: Object) -> bool:
    """Return whether ``pod`` counts; an evicted one stays for long, and another replaced it."""
    finished = pod.get("status", {}).get("phase") in ("Failed", "Succeeded")
    return not finished and "deletionTimestamp" not in pod["metadata"]


def is_unscheduled(pod: Object) -> bool:
    """Return whether the scheduler says that no node takes ``pod``."""
    return condition(pod, "PodScheduled").get("status") == "False"


def trouble(pod: Object, place: Place | None = None) -> Trouble | None:
    """Return what keeps ``pod`` from being ready, or None if it is on its way."""
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        if missing := _CLAIM.search(scheduled.get("message", "")):
            return Trouble(
                reason=Reason.VOLUME_CLAIM_NOT_FOUND,
                message=f"spec.volumes: there is no PersistentVolumeClaim {missing[1]!r} in"
                f" namespace {pod['metadata']['namespace']}; create it and the runner starts by"
                " itself",
                pod=pod["metadata"]["name"],
            )
        return Trouble(
            reason=Reason.WAITING_FOR_CAPACITY,
            message=capacity.why(pod, place)
            if place
            else f"no node can take a runner yet: {scheduled.get('message', '')}",
            pod=pod["metadata"]["name"],
            stalled=False,
        )
    status = pod.get("status", {})
    for container in (
        *status.get("initContainerStatuses", ()),
        *status.get("containerStatuses", ()),
    ):
        found = _waiting(pod, container) or ended.ended(pod, container)
        if found:
            return found
    return None


def are_hopeless(pods: Iterable[Object]) -> bool:
    """Return whether a revision to which one of ``pods`` belongs cannot start."""
    troubles = (trouble(p) for p in pods if _is_alive(p) and not is_ready(p))
    return any(t is not None and t.hopeless for t in troubles)


def lost(pods: Iterable[Object]) -> tuple[Object, ...]:
    """Return the pods that are to be deleted, for their Deployment to make others."""
    return tuple(p for p in pods if _is_alive(p) and ended.worker_lost(p))


def refused(deployment: Object) -> Trouble | None:
    """Return why the API server lets no pod of ``deployment`` in: a quota, or its admission."""
    found = condition(deployment, "ReplicaFailure")
    if found.get("status") != "True":
        return None
    return Trouble(
        reason=Reason.PODS_REFUSED,
        message=f"the cluster refuses the runner's pods: {found.get('message', '')}",
    )


def cannot_pull(pods: Iterable[Object], image: str) -> bool:
    """Return whether a node cannot pull ``image`` for one of ``pods``."""
    return any(
        container["image"] == image
        and container.get("state", {}).get("waiting", {}).get("reason") in _PULL_REASONS
        for pod in pods
        for container in pod.get("status", {}).get("containerStatuses", ())
    )


_CLAIM = re.compile(r'persistentvolumeclaim "([^"]+)" not found')
_KINDS = {"secret": "Secret", "configmap": "ConfigMap"}
_NAMED = re.compile(r'\b(secret|configmap) "([^"]+)" not found', re.IGNORECASE)
_KEY = re.compile(r"couldn't find key (\S+) in (secret|configmap) [^/\s]+/(\S+)", re.IGNORECASE)
_PULL_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName"})


def _waiting(pod: Object, container: Object) -> Trouble | None:
    waiting = container.get("state", {}).get("waiting", {})
    reason, text = waiting.get("reason", ""), waiting.get("message", "")
    if reason == "CreateContainerConfigError":
        field = "spec.source.git.secretRef" if container["name"] == inits.SOURCE else "env"
        return _missing(pod, text, field)
    if reason in _PULL_REASONS:
        return Trouble(
            reason=Reason.IMAGE_PULL_FAILED,
            # The kubelet's own words change with every try; the command shows them.
            message=f"the node cannot pull {container['image']}; see that the nodes reach its"
            " registry, trust it, and have the credentials that it wants",
            pod=pod["metadata"]["name"],
        )
    return None


def _missing(pod: Object, text: str, field: str) -> Trouble:
    """Turn the kubelet's words for a missing Secret or ConfigMap into a way out."""
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    if named := _NAMED.search(text):
        kind = _KINDS[named[1].lower()]
        message = f"{kind} {named[2]!r} does not exist in namespace {namespace}; create it"
    elif key := _KEY.search(text):
        kind = _KINDS[key[2].lower()]
        message = f"{kind} {key[3]!r} in namespace {namespace} has no key {key[1]!r}; add it"
    else:
        # As when the kubelet could not read them in time: it tries again by itself.
        message = f"the node cannot start a runner yet: {text}"
        return Trouble(reason=Reason.STARTING, message=message, pod=name, stalled=False)
    return Trouble(
        reason=Reason.SECRET_NOT_FOUND if kind == "Secret" else Reason.CONFIG_MAP_NOT_FOUND,
        message=f"{field}: {message} and the runner starts by itself",
        pod=name,
    )


def _start_seconds(pod: Object) -> float:
    for container in pod["status"].get("containerStatuses", ()):
        running = container.get("state", {}).get("running")
        if container["name"] == pods_.CONTAINER and running:
            since = _time(condition(pod, "Ready")["lastTransitionTime"])
            return max(0.0, (since - _time(running["startedAt"])).total_seconds())
    return 0.0


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)

"""How a build fares: from a Job and its pods to one outcome with a reason.

A Job whose last container fails shows only "Error" on its pod; each step's own terminated state
tells which step it was, and its termination message tells why: our steps write JSON there, and for
Kaniko it is the end of its log.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from falapp_operator.api import termination
from falapp_operator.api.conditions import Reason
from falapp_operator.api.objects import Object
from falapp_operator.environment import kaniko, kubelet, steps
from falapp_requirements.redact import Redactor


class Phase(StrEnum):
    """Where a build is."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What is known of a build."""

    phase: Phase
    reason: str = Reason.BUILDING
    message: str = ""
    log_tail: str = ""
    container: str = ""
    """The step that failed."""
    result: dict[str, Any] = field(default_factory=dict)
    """What `publish` reported: digest, packages, seconds and more."""
    seconds: int = 0
    """How long a build took that succeeded."""
    stuck: bool = False
    """Whether it failed while its Job goes on: nothing but its deletion ends it soon."""


TRANSIENT = frozenset(
    {
        Reason.EVICTED,
        Reason.INDEX_UNREACHABLE,
        Reason.PUBLISH_FAILED,
        # Not for the app's user to mend: whoever runs the operator gives it other credentials.
        Reason.PUSH_DENIED,
        Reason.REGISTRY_UNREACHABLE,
    }
)
"""Reasons that go away by themselves: the build is started again, with growing pauses."""

LIMITED = frozenset({Reason.EVICTED, Reason.PUBLISH_FAILED, Reason.PUSH_DENIED})
"""Those of them that come when most of the work is done, all of which is lost: so often and no more
is it done again."""

_STEPS = {
    "dockerfile": "building the Dockerfile",
    "tools": "getting the build's tools ready",
    "resolve": "resolving the requirements",
    "plan": "looking for layers in the registry and downloading packages",
    "wheels": "installing wheels",
    "sources": "building packages from source",
    "publish": "pushing the image",
}
_MEMORY = "raise builds.resources.limits.memory of the operator's chart"
_DISK = (
    "raise builds.resources.limits.ephemeral-storage of the operator's chart, or use larger nodes"
)


def outcome(job: Object, pods: Iterable[Object]) -> Outcome:
    """Return how the build of ``job`` fares, from the pods that are its own."""
    # The newest tells: an older one was disrupted, and the Job replaced it.
    pod = max(
        (p for p in pods if _belongs(p, job)),
        key=lambda p: str(p["metadata"]["creationTimestamp"]),
        default={},
    )
    finished = {
        c["type"]: c for c in job.get("status", {}).get("conditions", ()) if c["status"] == "True"
    }
    # The Job's own word comes seconds after its pod's last, and one that ran out of time meanwhile
    # has pushed its image nevertheless.
    if published := _published(job, pod):
        return published
    if "Complete" in finished:
        # The pod went before it was read (its node left, or the Job's time to live ran out): the
        # registry knows better than we do.
        return Outcome(phase=Phase.SUCCEEDED, reason=Reason.BUILT)
    if "Failed" in finished:
        return _failed(finished["Failed"], pod)
    return _stuck(pod) or Outcome(phase=Phase.RUNNING, message=_progress(pod))


def _belongs(pod: Object, job: Object) -> bool:
    uid = job["metadata"]["uid"]
    return any(o["uid"] == uid for o in pod["metadata"].get("ownerReferences", ()))


def _published(job: Object, pod: Object) -> Outcome | None:
    """Return what the last step reported, if it has ended well."""
    for name, terminated in _terminated(pod):
        if name == "publish" and terminated["exitCode"] == 0:
            result = termination.read(terminated.get("message", ""))
            if termination.word(result, "digest").startswith("sha256:"):
                began = datetime.fromisoformat(job["metadata"]["creationTimestamp"])
                took = datetime.fromisoformat(terminated["finishedAt"]) - began
                seconds = max(0, round(took.total_seconds()))
                phase = Phase.SUCCEEDED
                return Outcome(phase=phase, reason=Reason.BUILT, result=result, seconds=seconds)
    return None


def _stuck(pod: Object) -> Outcome | None:
    """Return how a build failed whose base image will never run, though the kubelet goes on."""
    status = next((s for s in _statuses(pod) if s["name"] == steps.BASE), {})
    waiting, image = status.get("state", {}).get("waiting", {}), status.get("image", "")
    if kubelet.pulls(waiting) and (why := kubelet.refusal(image, waiting)):
        message = (
            f"the base image {image} cannot be pulled: {why}; check its name, and the pullSecret"
            " beside it"
        )
        reason = Reason.BASE_IMAGE_PULL_FAILED
        return _failure(
            reason, message, steps.BASE, kubelet.shown(waiting.get("message", "")), True
        )
    if kubelet.lacks_python(waiting.get("message", "")):
        return _without_python(image, waiting["message"], stuck=True)
    return next(filter(None, map(_sidecar, _sidecars(pod))), None)


def _sidecar(status: Object) -> Outcome | None:
    """Return why a sidecar ended, which the kubelet starts again and again."""
    state = status.get("state", {})
    end = state.get("terminated") or status.get("lastState", {}).get("terminated") or {}
    report = termination.read(end.get("message", ""))
    if not report:
        return None
    return dataclasses.replace(_reported(status["name"], report), stuck=True)


def _failed(condition: Object, pod: Object) -> Outcome:
    if why := kubelet.ended(pod):
        return _failure(*why)
    for status in _statuses(pod):
        terminated = status.get("state", {}).get("terminated")
        if terminated and terminated["exitCode"] != 0:
            return _failed_step(status, terminated)
    message = kubelet.shown(condition.get("message", "")) or "the build's pod is gone"
    return _failure(Reason.BUILD_FAILED, message)


def _failed_step(status: Object, terminated: Object) -> Outcome:
    step, text = status["name"], terminated.get("message", "")
    report, log = termination.read(text), Redactor()(text)
    match kubelet.cause(terminated):
        case Reason.OUT_OF_MEMORY as cause:
            message = f"the build was killed for memory while {doing(step)}; {_MEMORY}"
            return _failure(cause, message, step)
        case Reason.EVICTED as cause:
            return _failure(cause, f"the build's node was lost while {doing(step)}", step)
        case Reason.DISK_FULL as cause if not report:
            return _failure(cause, f"no disk was left while {doing(step)}; {_DISK}", step, log)
    return _reported(step, report) if report else _unreported(status, text, log)


def _reported(step: str, report: dict[str, Any]) -> Outcome:
    message = termination.word(report, "message") or f"failed while {doing(step)}"
    reason = _reason(termination.word(report, "reason"))
    return _failure(reason, message, step, termination.word(report, "logTail"))


def _unreported(status: Object, text: str, log: str) -> Outcome:
    step = status["name"]
    if step == steps.DOCKERFILE:
        return _failure(*kaniko.failure(text), step, kaniko.tail(log))
    if step == steps.BASE and kubelet.lacks_python(text):
        return _without_python(status["image"], text)
    return _failure(Reason.BUILD_FAILED, f"failed while {doing(step)}", step, log)


def _without_python(image: str, said: str, *, stuck: bool = False) -> Outcome:
    message = f"the base image {image} has no python3; name one that holds the app's pythonVersion"
    return _failure(Reason.BASE_IMAGE_UNUSABLE, message, steps.BASE, kubelet.shown(said), stuck)


def _failure(
    reason: Reason, message: str, step: str = "", log_tail: str = "", stuck: bool = False
) -> Outcome:
    return Outcome(
        phase=Phase.FAILED,
        reason=reason,
        message=message,
        log_tail=log_tail,
        container=step,
        stuck=stuck,
    )


def doing(step: str) -> str:
    """Return what a build step does, in words."""
    return _STEPS.get(step, step)


def _reason(reported: str) -> Reason:
    try:
        return Reason(reported)
    except ValueError:
        return Reason.BUILD_FAILED


def _progress(pod: Object) -> str:
    """Return what a running build is doing, in words."""
    status = pod.get("status", {})
    conditions = {c["type"]: c for c in status.get("conditions", ())}
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return f"waiting for a node: {scheduled.get('message', 'not scheduled yet')}"
    if conditions.get("DisruptionTarget", {}).get("status") == "True":
        return "the build's node does not keep its pod; starting another one"
    for container in (*_sidecars(pod), *_statuses(pod)):
        state = container.get("state", {})
        if container["name"] in steps.SIDECARS and not kubelet.pulls(state.get("waiting", {})):
            continue
        # One that failed is seen here for the moment until its Job has failed, too.
        if "running" in state or state.get("terminated", {}).get("exitCode"):
            return doing(container["name"])
        if kubelet.pulls(state.get("waiting", {})):
            return f"cannot pull the image of step {container['name']}: {container['image']}"
    secrets = [v["secret"]["secretName"] for v in _volumes(pod) if "secret" in v]
    # That a volume is missing, the kubelet tells in Events alone; until then no container runs.
    if secrets and conditions.get("PodReadyToStartContainers", {}).get("status") == "False":
        namespace = pod["metadata"]["namespace"]
        return f"starting the build, which needs Secret {', '.join(secrets)} in {namespace}"
    return "starting the build"


def _volumes(pod: Object) -> Iterator[Object]:
    yield from pod.get("spec", {}).get("volumes", ())


def _terminated(pod: Object) -> Iterator[tuple[str, Object]]:
    for status in _statuses(pod):
        terminated = status.get("state", {}).get("terminated")
        if terminated:
            yield status["name"], terminated


def _sidecars(pod: Object) -> Iterator[Object]:
    before = pod.get("status", {}).get("initContainerStatuses", ())
    yield from (s for s in before if s["name"] in steps.SIDECARS)


def _statuses(pod: Object) -> Iterator[Object]:
    status = pod.get("status", {})
    # A sidecar runs beside all steps, and is ended with a signal when they are done.
    before = status.get("initContainerStatuses", ())
    yield from (s for s in before if s["name"] not in steps.SIDECARS)
    yield from status.get("containerStatuses", ())

"""How a build fares: from a Job and its pods to one outcome with a reason.

A Job whose last container fails shows only "Error" on its pod; each step's own terminated state
tells which step it was, and its termination message tells why: our steps write JSON there, and for
Kaniko it is the end of its log.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from falapp_operator.api import termination
from falapp_operator.api.conditions import Reason
from falapp_operator.api.objects import Object


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


TRANSIENT = frozenset(
    {Reason.INDEX_UNREACHABLE, Reason.PUBLISH_FAILED, Reason.REGISTRY_UNREACHABLE}
)
"""Reasons that go away by themselves: the build is started again, with growing pauses."""

_STEPS = {
    "tools": "getting the build's tools ready",
    "resolve": "resolving the requirements",
    "build": "installing the packages",
    "publish": "pushing the image",
}


def outcome(job: Object, pods: Iterable[Object]) -> Outcome:
    """Return how the build of ``job`` fares, from the pods that are its own."""
    # The newest first: an older one was disrupted, and the Job replaced it.
    mine = sorted(
        (p for p in pods if _belongs(p, job)),
        key=lambda p: str(p["metadata"]["creationTimestamp"]),
        reverse=True,
    )
    finished = {
        c["type"]: c for c in job.get("status", {}).get("conditions", ()) if c["status"] == "True"
    }
    if "Complete" in finished:
        return _succeeded(mine)
    if "Failed" in finished:
        return _failed(finished["Failed"], mine)
    return Outcome(phase=Phase.RUNNING, message=_progress(mine))


def _belongs(pod: Object, job: Object) -> bool:
    uid = job["metadata"]["uid"]
    return any(o["uid"] == uid for o in pod["metadata"].get("ownerReferences", ()))


def _succeeded(pods: list[Object]) -> Outcome:
    for name, terminated in _terminated(pods):
        if name == "publish" and terminated["exitCode"] == 0:
            result = termination.read(terminated.get("message", ""))
            if termination.word(result, "digest").startswith("sha256:"):
                return Outcome(phase=Phase.SUCCEEDED, reason=Reason.BUILT, result=result)
    # The pod went before it was read (its node left, or the Job's time to live ran out): the
    # registry knows better than we do.
    return Outcome(phase=Phase.SUCCEEDED, reason=Reason.BUILT)


def _failed(condition: Object, pods: list[Object]) -> Outcome:
    if condition.get("reason") == "DeadlineExceeded":
        return Outcome(
            phase=Phase.FAILED,
            reason=Reason.BUILD_TIMEOUT,
            message="the build took longer than builds.timeout of the operator's chart allows",
        )
    for name, terminated in _terminated(pods):
        if terminated["exitCode"] != 0:
            return _failed_step(name, terminated)
    return Outcome(
        phase=Phase.FAILED,
        reason=Reason.BUILD_FAILED,
        message=condition.get("message", "the build's pod is gone"),
    )


def _failed_step(name: str, terminated: Object) -> Outcome:
    text = terminated.get("message", "")
    if terminated.get("reason") == "OOMKilled":
        return Outcome(
            phase=Phase.FAILED,
            reason=Reason.OUT_OF_MEMORY,
            message=f"the build was killed for memory while {doing(name)}; raise"
            " builds.resources.limits.memory of the operator's chart",
            container=name,
        )
    report = termination.read(text)
    return Outcome(
        phase=Phase.FAILED,
        reason=_reason(termination.word(report, "reason")),
        message=termination.word(report, "message") or f"failed while {doing(name)}",
        log_tail=termination.word(report, "logTail") if report else text,
        container=name,
    )


def doing(step: str) -> str:
    """Return what a build step does, in words."""
    return _STEPS.get(step, step)


def _reason(reported: str) -> Reason:
    try:
        return Reason(reported)
    except ValueError:
        return Reason.BUILD_FAILED


def _progress(pods: list[Object]) -> str:
    """Return what a running build is doing, in words."""
    for pod in pods:
        for condition in pod["status"].get("conditions", ()):
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                return f"waiting for a node: {condition.get('message', 'not scheduled yet')}"
        for status in _statuses(pod):
            state = status.get("state", {})
            if "running" in state:
                return doing(status["name"])
            waiting = state.get("waiting", {}).get("reason", "")
            if waiting in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName"):
                return f"cannot pull the image of step {status['name']}: {status['image']}"
    return "starting the build"


def _terminated(pods: list[Object]) -> Iterator[tuple[str, Object]]:
    for pod in pods:
        for status in _statuses(pod):
            terminated = status.get("state", {}).get("terminated")
            if terminated:
                yield status["name"], terminated


def _statuses(pod: Object) -> Iterator[Object]:
    status = pod.get("status", {})
    yield from status.get("initContainerStatuses", ())
    yield from status.get("containerStatuses", ())

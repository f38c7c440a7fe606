"""What the kubelet and its runtime say of a build's pod, and what that means.

They have no words for a program to read, so their sentences are looked through; one that nobody
here knows means nothing.
"""

import re

from falapp_operator.api.conditions import Reason
from falapp_operator.api.objects import Object
from falapp_requirements.redact import Redactor

_SHOWN = 300
_PULLS = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName"})
_REFUSALS = (
    (r"InvalidImageName|invalid reference", "it is not the name of an image"),
    (
        r"denied|unauthorized|forbidden|authorization|authentication|\b40[13]\b",
        "its registry does not give it away without the right credentials",
    ),
    (r"no match for platform|no matching manifest", "it is not made for the platform of the nodes"),
    (r"not found|manifest unknown|name unknown|\b404\b", "its registry does not have it"),
)
"""What a registry says where asking again is of no use; the first that fits counts."""

# pkg/kubelet/eviction/helpers.go: the pod's own limits, not the want of its node.
_OWN_LIMIT = re.compile(
    r"exceeded its local ephemeral storage limit|exceeds the total limit of containers"
    r"|Usage of EmptyDir volume"
)
_NO_PYTHON = re.compile(r"python3.*(not found|no such file|permission denied)", re.I | re.S)
_DISK = re.compile(r"no space left on device|disk quota exceeded", re.I)
_KILLED = re.compile(r"signal: killed\s*$", re.I)


def pulls(waiting: Object) -> bool:
    """Return whether a container waits for its image, and the last try to pull it failed."""
    return waiting.get("reason") in _PULLS


def refusal(image: str, waiting: Object) -> str:
    """Return why an image will never come, as a clause; empty where it may come yet."""
    said = f"{waiting.get('reason')} {waiting.get('message', '')}".replace(image, "")
    return next((why for known, why in _REFUSALS if re.search(known, said, re.I)), "")


def lacks_python(said: str) -> bool:
    """Return whether a runtime says that an image has no python3."""
    return _NO_PYTHON.search(said) is not None


def ended(pod: Object) -> tuple[Reason, str] | None:
    """Return why the kubelet ended a pod, or did not take it; None where it did neither."""
    status = pod.get("status", {})
    reason, said = status.get("reason", ""), shown(status.get("message", ""))
    if not reason:
        return None
    if reason == "DeadlineExceeded":
        message = "the build took longer than builds.timeout of the operator's chart allows"
        return Reason.BUILD_TIMEOUT, message
    if _OWN_LIMIT.search(said):
        way_out = "raise builds.resources.limits.ephemeral-storage of the operator's chart"
        return Reason.DISK_FULL, f"the build used more disk than it may ({said}); {way_out}"
    words = f"{reason}: {said}" if said else reason
    return Reason.EVICTED, f"the build's node did not keep its pod ({words})"


def cause(terminated: Object) -> Reason | None:
    """Return what ended a step, if that was not the step itself."""
    reason, said = terminated.get("reason"), terminated.get("message", "")
    # The second is Kaniko's, of a command that the kernel ended while Kaniko itself went on.
    if reason == "OOMKilled" or _KILLED.search(said):
        return Reason.OUT_OF_MEMORY
    if reason == "ContainerStatusUnknown":
        return Reason.EVICTED
    return Reason.DISK_FULL if _DISK.search(said) else None


def shown(said: str) -> str:
    """Return somebody else's words as a part of a sentence: one line, short, no credentials."""
    line = Redactor()(" ".join(said.split())).rstrip(".")
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"

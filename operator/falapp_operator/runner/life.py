"""How far a runner has come, by the kubelet's words: whether it has started, serves, ever served.

That it does not serve at this moment says little: its node may be out of reach, its code may hold
the interpreter's lock for longer than a probe waits, or it is about to end.
"""

from datetime import datetime

from falapp_operator.api.objects import Object
from falapp_operator.runner.pod import CONTAINER


def condition(pod: Object, type_: str) -> Object:
    """Return a condition of ``pod``; an empty one where it has none of that type."""
    for found in pod.get("status", {}).get("conditions", ()):
        if found["type"] == type_:
            return dict(found)
    return {}


def is_ready(pod: Object) -> bool:
    """Return whether the kubelet says that ``pod`` serves."""
    return condition(pod, "Ready").get("status") == "True"


def is_started(pod: Object) -> bool:
    """Return whether setup() has returned in the process that runs in ``pod``, ready or not."""
    containers = pod.get("status", {}).get("containerStatuses", ())
    return is_ready(pod) or any(has_started(pod, c) for c in containers)


def has_started(pod: Object, container: Object) -> bool:
    """Return whether ``container`` is a runner that runs, and in which setup() has returned."""
    running = container.get("state", {}).get("running")
    if container["name"] != CONTAINER or running is None:
        return False
    if container.get("started") and _has_startup_probe(pod):
        return True
    # A kubelet that was started anew itself calls nothing started until it has probed once more.
    return _was_ready_after(pod, running.get("startedAt"))


def has_served(pod: Object) -> bool:
    """Return whether ``pod``, which is not ready, once was: what ended then was no start."""
    initialized = condition(pod, "Initialized")
    if initialized.get("status") != "True":
        return False
    return _was_ready_after(pod, initialized.get("lastTransitionTime"))


def _has_startup_probe(pod: Object) -> bool:
    """Return whether a runner in ``pod`` has one: without, all that runs is called started."""
    return any(c["name"] == CONTAINER and "startupProbe" in c for c in pod["spec"]["containers"])


def _was_ready_after(pod: Object, moment: str | None) -> bool:
    """Return whether ``pod`` stopped being ready after ``moment``, and so had been.

    A pod that never was ready is unready since before its containers were started.
    """
    ready = condition(pod, "Ready")
    since = ready.get("lastTransitionTime")
    if ready.get("status") != "False" or not since or not moment:
        return False
    return datetime.fromisoformat(since) > datetime.fromisoformat(moment)

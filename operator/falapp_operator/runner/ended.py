"""How a container of a runner's pod ended, from what it left behind."""

import contextlib
import dataclasses
import re
import signal
from dataclasses import dataclass
from datetime import datetime, timedelta

from falapp_operator.api import termination
from falapp_operator.api.conditions import Reason
from falapp_operator.api.objects import Object
from falapp_operator.runner import inits, life
from falapp_operator.runner.pod import CONTAINER
from falapp_runner import contract

BEFORE_READY = frozenset(
    {
        Reason.LOAD_FAILED,
        Reason.IMPORT_FAILED,
        Reason.CLASS_NOT_FOUND,
        Reason.INVALID_SIGNATURE,
        Reason.RUNTIME_CONFLICT,
        Reason.SETUP_FAILED,
        Reason.SETUP_EXITED,
        Reason.SETUP_TIMEOUT,
    }
)
"""What keeps setup() from returning."""

_REPORTED = BEFORE_READY | {
    Reason.PORT_TAKEN,
    Reason.SERVE_FAILED,
    Reason.WORKER_LOST,
    Reason.SECRET_NOT_FOUND,
    Reason.CONFIG_MAP_NOT_FOUND,
    Reason.SOURCE_NOT_FOUND,
    Reason.SOURCE_UNREACHABLE,
    Reason.ACCESS_DENIED,
    Reason.DISK_FULL,
}
"""What a container of ours may report; others are not believed."""

_ITS_OWN = BEFORE_READY | {
    Reason.PORT_TAKEN,
    Reason.SERVE_FAILED,
    Reason.RUNNER_FAILED,
    Reason.OUT_OF_MEMORY,
    Reason.SOURCE_NOT_FOUND,
}
"""What is wrong with the revision itself, and would be on any node and any day."""
_CHANCES = 2
"""How often a runner may end so until nothing is hoped of it: setup() may have had bad luck."""

_SHORT_LIFE = timedelta(minutes=1)
_RESTARTS = 3
_STATES = re.compile(re.escape(contract.STATE_LINE.format(state="")) + r"([A-Z][A-Za-z]+)$", re.M)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What keeps a runner from being ready."""

    reason: Reason
    message: str
    log_tail: str = ""
    pod: str = ""
    stalled: bool = True
    """Whether it needs a hand."""
    ends: int = 0
    """How often the container has ended; 0 where it could not even be started."""
    served: bool = False
    """Whether the runner was ready once: then its revision can start, whatever ended it."""

    @property
    def hopeless(self) -> bool:
        """Whether the revision itself is broken, as far as its runner had its chances."""
        return self.reason in _ITS_OWN and self.ends >= _CHANCES and not self.served


def ended(pod: Object, container: Object) -> Trouble | None:
    """Return why the container ended; what it tried last counts until it has started."""
    if life.has_started(pod, container):
        return None
    state = container.get("state", {})
    end = state.get("terminated") or container.get("lastState", {}).get("terminated")
    if not end or (end.get("exitCode") == 0 and not _is_down(container)):
        return None
    found = _why(pod, container, end)
    ends = container.get("restartCount", 0) + ("running" not in state)
    return dataclasses.replace(found, ends=ends, served=life.has_served(pod))


def _why(pod: Object, container: Object, end: Object) -> Trouble:
    name = pod["metadata"]["name"]
    if end.get("reason") == "OOMKilled":
        limit = _memory_limit(pod, container["name"])
        return Trouble(
            reason=Reason.OUT_OF_MEMORY,
            message=f"the runner was killed: it used more than the {limit} of memory that its"
            " machine type has; choose a larger machineType",
            pod=name,
        )
    return _told(name, container, end)


def worker_lost(pod: Object) -> bool:
    """Return whether the pod is to be replaced, since its runner gave its worker up for lost.

    A container that is started again in its pod has the same GPU. One that is lost again at once
    is left to the kubelet, whose pauses between restarts grow, and replaced at every third time.
    """
    for container in pod.get("status", {}).get("containerStatuses", ()):
        state = container.get("state", {})
        end = state.get("terminated") or container.get("lastState", {}).get("terminated") or {}
        report = termination.read(end.get("message", ""))
        if termination.word(report, "reason") == Reason.WORKER_LOST and end.get("startedAt"):
            began, over = (datetime.fromisoformat(end[k]) for k in ("startedAt", "finishedAt"))
            return over - began >= _SHORT_LIFE or container.get("restartCount", 0) >= _RESTARTS
    return False


def _told(name: str, container: Object, ended: Object) -> Trouble:
    """Return what the container said of its end, or what can be made of how it ended."""
    text = ended.get("message", "")
    report = termination.read(text)
    if not report:
        reason, message = _unreported(container["name"], text, ended["exitCode"])
        return Trouble(reason=reason, message=message, log_tail=text[-2048:], pod=name)
    reported = termination.word(report, "reason")
    return Trouble(
        reason=Reason(reported) if reported in _REPORTED else Reason.RUNNER_FAILED,
        message=termination.word(report, "message") or _exit(ended["exitCode"]),
        log_tail=termination.word(report, "logTail"),
        pod=name,
        stalled=reported not in (Reason.SOURCE_UNREACHABLE, Reason.WORKER_LOST),
    )


def _unreported(container: str, text: str, code: int) -> tuple[Reason, str]:
    """Return what is known of a container that ended before it could say why."""
    if container == inits.SOURCE:
        return Reason.SOURCE_NOT_FOUND, (
            "spec.source: the app's files could not be copied; see the last lines of the container"
        )
    if text.startswith(contract.TIMEOUT_DUMP):
        return Reason.SETUP_TIMEOUT, (
            "the start took too long, inside code that lets nothing else run; raise startupTimeout"
            " if it needs longer, or see where it hangs"
        )
    states = _STATES.findall(text)
    if states and states[-1] == "Setup":
        return Reason.SETUP_EXITED, f"{_exit(code)} inside setup(); see its last lines"
    return Reason.RUNNER_FAILED, _exit(code)


def _exit(code: int) -> str:
    if code > 128:
        with contextlib.suppress(ValueError):
            return f"the runner ended with exit code {code} ({signal.Signals(code - 128).name})"
    return f"the runner ended with exit code {code}"


def _is_down(container: Object) -> bool:
    """Return whether this is a runner that is not running: whatever it ended with is trouble."""
    return container["name"] == CONTAINER and "running" not in container.get("state", {})


def _memory_limit(pod: Object, container: str) -> str:
    spec = pod["spec"]
    for c in (*spec.get("initContainers", ()), *spec["containers"]):
        if c["name"] == container:
            return str(c.get("resources", {}).get("limits", {}).get("memory", "memory"))
    return "memory"

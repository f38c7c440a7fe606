"""What a deployment looks like at one moment: from objects to a few lines. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from falapp_operator.api.objects import Object

STEPS = (
    "building the Dockerfile",
    "getting the build's tools ready",
    "resolving the requirements",
    "looking for layers in the registry and downloading packages",
    "installing wheels",
    "building packages from source",
    "pushing the image",
)
"""What the operator says of a build, in order; a test holds it against the operator."""


class Phase(StrEnum):
    """How far a deployment is."""

    ACCEPTED = "accepted"
    BUILDING = "building"
    WAITING = "waiting"
    PULLING = "pulling"
    SETUP = "setup"
    READY = "ready"
    FAILED = "failed"


OVER = frozenset({Phase.READY, Phase.FAILED})
"""The phases in which nothing more is to be waited for."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the cluster has of an app."""

    app: Object
    environment: Object | None = None
    pods: tuple[Object, ...] = ()
    log: tuple[str, ...] = ()
    """The last lines of a runner that starts."""


@dataclass(frozen=True, kw_only=True)
class View:
    """What is shown."""

    phase: Phase
    text: str
    """One sentence."""
    done: int = 0
    """Steps of the build that are over."""
    steps: int = 0
    """All of them; 0 where nothing is built."""
    log: tuple[str, ...] = ()
    """Lines that matter."""
    command: str = ""
    """A command that shows more."""
    url: str = field(default="")
    """Where the app answers, when it does."""


def view(seen: Seen) -> View:
    """Return what to show of a deployment."""
    status = seen.app.get("status") or {}
    generation = seen.app["metadata"].get("generation", 0)
    if status.get("observedGeneration", 0) < generation:
        return View(phase=Phase.ACCEPTED, text="waiting for the operator to look at it")
    found = {c["type"]: c for c in status.get("conditions", ())}
    if _is_true(found, "Stalled"):
        return _failed(status, found)
    if _is_true(found, "Ready"):
        return View(phase=Phase.READY, text=_message(found, "Ready"), url=status.get("url", ""))
    if not _is_true(found, "EnvironmentReady"):
        return _building(seen, found)
    return _starting(seen, found)


def _failed(status: Mapping[str, Any], found: Mapping[str, Any]) -> View:
    failure = status.get("failure") or {}
    stalled = found["Stalled"]
    reason = failure.get("reason") or stalled.get("reason", "")
    return View(
        phase=Phase.FAILED,
        text=f"{reason}: {failure.get('message') or stalled.get('message', '')}",
        log=tuple(failure.get("logTail", "").splitlines()),
        command=failure.get("command", ""),
    )


def _building(seen: Seen, found: Mapping[str, Any]) -> View:
    message = _message(found, "EnvironmentReady") or "asking for the environment"
    last = message.rpartition(": ")[2]
    if last not in STEPS:
        return View(phase=Phase.BUILDING, text=message)
    status = (seen.environment or {}).get("status") or {}
    reused, built = status.get("layersReused", 0), status.get("layersBuilt", 0)
    counts = f" ({reused} layers reused, {built} built)" if reused or built else ""
    return View(
        phase=Phase.BUILDING,
        text=f"{message}{counts}",
        done=STEPS.index(last),
        steps=len(STEPS),
    )


def _starting(seen: Seen, found: Mapping[str, Any]) -> View:
    ready = found.get("Ready", {})
    if ready.get("reason") == "WaitingForCapacity":
        return View(phase=Phase.WAITING, text=ready.get("message", ""))
    runners = [c for p in seen.pods for c in p.get("status", {}).get("containerStatuses", ())]
    running = [c for c in runners if "running" in c.get("state", {}) and not c.get("ready")]
    if running:
        text = f"setup() is running: {_message(found, 'Ready')}"
        return View(phase=Phase.SETUP, text=text, log=seen.log)
    pulling = any("waiting" in c.get("state", {}) for c in runners)
    how = "pulling the image" if pulling else "starting runners"
    built = _message(found, "EnvironmentReady")  # packages, layers reused and built, seconds
    return View(phase=Phase.PULLING, text=f"{how}: {_message(found, 'Ready')}; {built}")


def _is_true(found: Mapping[str, Any], kind: str) -> bool:
    return bool(found.get(kind, {}).get("status") == "True")


def _message(found: Mapping[str, Any], kind: str) -> str:
    return str(found.get(kind, {}).get("message", ""))

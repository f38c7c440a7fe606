"""What `kubectl describe` tells of an object's way: one Event for each step of it. Pure.

An Event's name is made of the transition, so that a second operator, or the same one after a crash,
cannot tell it twice; and as the name has no old reason in it, an object that goes back and forth
while it is not Ready (built, failed, built again) tells each of its reasons once.

Core Events, not those of events.k8s.io: `kubectl describe` sorts by lastTimestamp, which the newer
API does not let be set, and would show them in the order of their names.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from falapp_operator.api import conditions, meta
from falapp_operator.api.conditions import Condition, ConditionType, Reason
from falapp_operator.api.objects import Object, fingerprint
from falapp_operator.api.reasons import Nature

_SUMMARIES = (Reason.ENVIRONMENT_NOT_READY, Reason.STARTING)
"""Reasons of Ready that another condition tells in more detail, the first one always."""

_STEPS = (ConditionType.ENVIRONMENT_READY, ConditionType.SETUP_COMPLETE)
_ASIDES = (
    ConditionType.CREDENTIALS_EXPOSED,
    ConditionType.SOURCE_STALE,
    ConditionType.WITHDRAWN,
)
"""Conditions that say nothing of how far the object is."""

_ACTIONS = {
    ConditionType.CREDENTIALS_EXPOSED: "Check",
    ConditionType.SOURCE_STALE: "Fetch",
    ConditionType.ENVIRONMENT_READY: "Build",
    ConditionType.SETUP_COMPLETE: "Start",
    ConditionType.READY: "Run",
    ConditionType.WITHDRAWN: "RollBack",
}
"""What is done or tried, in the order in which one comes after the other. Events of one second are
shown in the order of their names, so that has it, too."""

_WARNED = frozenset({Nature.HEALS, Nature.LIMITED, Nature.MEND, Nature.WARNING})
_WARNINGS = frozenset(r.value for r in Reason if r.nature in _WARNED)
_LONGEST_NOTE = 1024
"""Bytes: the API server takes no more."""


def told(old: Object, new: Object, now: datetime, instance: str) -> Iterator[Object]:
    """Yield the Events of what an object's new status tells.

    Args:
        old: The object as it was, its old status included.
        new: The object with its new status.
        now: The time.
        instance: Which of the operator's pods tells it.
    """
    was = {c.type: c for c in conditions.of(old)}
    steps = new["kind"] == "Environment"
    changed = {
        ConditionType(c.type): c
        for c in conditions.of(new)
        if _state(c, steps=steps) != _state(was.get(c.type), steps=steps)
    }
    for found in (_main(changed), *(changed.get(type_) for type_ in _ASIDES)):
        if found is not None:
            transition = (_from(was.get(found.type)), _state(found, steps=steps))
            yield _event(new, found, fingerprint([_of(new), transition]), now, instance)


def note(condition: Condition) -> str:
    """Return a condition's message, as it may be told outside of the object that has it."""
    if condition.reason == Reason.REFUSED:
        # The API server's words may quote values of the spec.
        return "the cluster refuses what this needs; the status of this object has its words"
    return condition.message


def _main(changed: Mapping[ConditionType, Condition]) -> Condition | None:
    """Return the one of several changed conditions that tells most; None for a mere beginning."""
    ready = changed.get(ConditionType.READY)
    if ready is not None and ready.reason not in _SUMMARIES:
        return ready
    for type_ in _STEPS:
        step = changed.get(type_)
        if step is not None and step.status != "Unknown":
            return step
    return ready if ready is not None and ready.reason == Reason.STARTING else None


def _state(condition: Condition | None, *, steps: bool) -> tuple[str, ...]:
    """Return what is told once; of a build each step, which is the message's first words."""
    if condition is None:
        return ()
    state = (condition.type, condition.status, condition.reason)
    if steps and condition.reason == Reason.BUILDING:
        return (*state, condition.message.partition(":")[0])
    return state


def _from(condition: Condition | None) -> tuple[str, ...]:
    """Return what was left: a status since a time, whatever its reasons were meanwhile."""
    return (condition.status, condition.last_transition_time) if condition else ()


def _of(obj: Object) -> tuple[str, int, str]:
    """Return what the transition is of: an object, its spec, the try that a person asked for."""
    metadata = obj["metadata"]
    return metadata["uid"], metadata["generation"], obj["status"].get("retried", "")


def _event(obj: Object, told: Condition, digest: str, now: datetime, instance: str) -> Object:
    metadata, second = obj["metadata"], now.strftime("%Y-%m-%dT%H:%M:%S")
    stage = f"{list(_ACTIONS).index(ConditionType(told.type))}{int(told.status == 'True')}"
    name = f"{metadata['name']}.{metadata['generation']:06x}{stage}{digest}"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": obj["apiVersion"],
            "kind": obj["kind"],
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
        },
        "type": "Warning" if told.reason in _WARNINGS else "Normal",
        "reason": told.reason,
        "action": _ACTIONS[ConditionType(told.type)],
        "message": _cut(note(told)),
        "reportingComponent": meta.REPORTER,
        "reportingInstance": instance,
        "eventTime": f"{second}.{now.microsecond:06}Z",
        "firstTimestamp": f"{second}Z",
        "lastTimestamp": f"{second}Z",
        "count": 1,
    }


def _cut(text: str) -> str:
    whole = text.encode()
    if len(whole) <= _LONGEST_NOTE:
        return text
    return f"{whole[: _LONGEST_NOTE - 3].decode(errors='ignore')}…"

"""Conditions: their types, and the one way to set them; their reasons are in `reasons`.

The rules of the setter are Cluster API's (util/conditions/setter.go): observedGeneration is always
stamped, lastTransitionTime moves only when the status does, Ready stands first.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from falapp_operator.api import model
from falapp_operator.api.objects import Object
from falapp_operator.api.reasons import Reason as Reason


class ConditionType(StrEnum):
    """The conditions of our kinds. Argo CD, Helm and ``kubectl wait`` read Ready and Stalled."""

    READY = "Ready"
    ENVIRONMENT_READY = "EnvironmentReady"
    SETUP_COMPLETE = "SetupComplete"
    STALLED = "Stalled"
    CREDENTIALS_EXPOSED = "CredentialsExposed"
    SOURCE_STALE = "SourceStale"
    """Of a FalApp, with the reason why its git server could not be asked; there only then."""
    WITHDRAWN = "Withdrawn"
    """Of a FalApp whose former revision serves again, since the one asked for cannot start."""


class Condition(model.Model):
    """One observation of an object's state, as in Kubernetes' ``metav1.Condition``."""

    type: Annotated[str, Field(max_length=316)]
    """What the condition is about."""
    status: Literal["True", "False", "Unknown"]
    """Whether it holds."""
    reason: Annotated[str, Field(min_length=1, max_length=1024)]
    """Why, as one word in CamelCase."""
    message: Annotated[str, Field(max_length=32768)] = ""
    """Why, as a sentence."""
    observed_generation: Annotated[int, Field(ge=0)] = 0
    """The generation of the spec that was looked at."""
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})] = ""
    """When the status changed last, UTC."""


def condition(
    type_: ConditionType, status: bool | None, reason: str, message: str = ""
) -> Condition:
    """Return a condition without time and generation; `merged` adds them. None means Unknown."""
    word: Literal["True", "False", "Unknown"] = (
        "Unknown" if status is None else "True" if status else "False"
    )
    return Condition(type=type_.value, status=word, reason=str(reason), message=message)


def of(obj: Object) -> tuple[Condition, ...]:
    """Return the conditions that an object has; one that cannot be read is as if it were not.

    A newer operator may have written a status that this one does not know: it is written anew.
    """
    found = obj.get("status", {}).get("conditions", ())
    known = (_read(c) for c in found)
    return tuple(c for c in known if c is not None)


def find(among: Iterable[Condition], type_: ConditionType) -> Condition | None:
    """Return the condition of a type, if it is there."""
    return next((c for c in among if c.type == type_), None)


def served(app: Object) -> Condition | None:
    """Return Ready of a FalApp, if all of its runners served when its status was written."""
    ready = find(of(app), ConditionType.READY)
    whole = ready is not None and (ready.status, ready.reason) == ("True", Reason.RUNNERS_READY)
    return ready if whole else None


def _read(raw: Object) -> Condition | None:
    try:
        return Condition.model_validate(raw)
    except ValidationError:
        return None


def merged(
    old: Iterable[Condition], new: Iterable[Condition], generation: int, now: str
) -> tuple[Condition, ...]:
    """Return ``new`` with generation and times; a status that stays keeps its ``old`` time.

    Args:
        old: The conditions that the object has.
        new: The conditions that it shall have, all of them.
        generation: metadata.generation of the spec that was looked at.
        now: The time, RFC 3339 in UTC and whole seconds.
    """
    before = {c.type: c for c in old}
    order = list(ConditionType)

    def stamped(c: Condition) -> Condition:
        was = before.get(c.type)
        same = was is not None and was.status == c.status and was.last_transition_time
        since = was.last_transition_time if was is not None and same else now
        return c.model_copy(
            update={"observed_generation": generation, "last_transition_time": since}
        )

    return tuple(stamped(c) for c in sorted(new, key=lambda c: order.index(ConditionType(c.type))))

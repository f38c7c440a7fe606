"""What a class or function says of its runner, where the FalApp says nothing."""

from typing import Any

from falapp_runner import contract
from falapp_runner.load import LoadError
from falapp_runner.serving import options
from falapp_runner.settings import Settings


def startup(kind: Any, given: Settings) -> float:
    """Return how many seconds importing the app and setup() may take."""
    if given.startup is not None:
        return given.startup
    found = _seconds(kind, "startup_timeout", contract.LONGEST_STARTUP_SECONDS)
    return contract.DEFAULT_STARTUP_SECONDS if found is None else found


def grace(kind: Any, given: Settings) -> float:
    """Return how many seconds there are between SIGTERM and the end."""
    if given.grace is not None:
        return given.grace
    name = "termination_grace_period_seconds"
    found = _seconds(kind, name, contract.LONGEST_GRACE_SECONDS)
    return contract.DEFAULT_GRACE_SECONDS if found is None else found


def _seconds(kind: Any, name: str, most: int) -> float | None:
    # fal gathers keywords of the class and attributes there; a version without it has attributes
    value = options.said(kind).get(name, getattr(kind, name, None))
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise LoadError(
            f"{options.name(kind)}.{name} is {value!r}; give a number of seconds, at most {most}"
        )
    return float(value)

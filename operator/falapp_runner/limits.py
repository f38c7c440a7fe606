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


def metrics_port(kind: Any, given: Settings) -> int | None:
    """Return where the class wants its metrics, too; None where the gate's port is enough."""
    name = "metrics_port"
    value = _said(kind, name)
    if value is None or value == given.control_port:
        return None
    # a runner is not root, so the ports below 1024 belong to nobody here
    usable = isinstance(value, int) and 1024 <= value <= 65535
    if not usable or isinstance(value, bool) or value == given.app_port:
        raise LoadError(
            f"{options.name(kind)}.{name} is {value!r}; give a port from 1024 to 65535 that is not"
            f" {given.app_port}, where the app answers"
        )
    return int(value)


def _said(kind: Any, name: str) -> Any:
    # fal gathers keywords of the class and attributes there; a version without it has attributes
    return options.said(kind).get(name, getattr(kind, name, None))


def _seconds(kind: Any, name: str, most: int) -> float | None:
    value = _said(kind, name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise LoadError(
            f"{options.name(kind)}.{name} is {value!r}; give a number of seconds, at most {most}"
        )
    return float(value)

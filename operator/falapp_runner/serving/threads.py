"""When an endpoint's thread begins: until then its request can be ended, as a stalled upload."""

import functools
import inspect
from contextvars import ContextVar
from typing import Any

from falapp_runner.serving import exchange

running: ContextVar[exchange.Exchange] = ContextVar("running")
"""The request that may come to run in a thread, which has a copy of its context."""


def tell(route: Any) -> bool:
    """Have the route's thread tell its request that it began; False if it cannot be told.

    Other versions of FastAPI may keep the endpoint elsewhere, and what it depends on may run in
    threads of its own.
    """
    dependant = getattr(route, "dependant", None)
    call = getattr(dependant, "call", None)
    if not inspect.isroutine(call) or getattr(dependant, "dependencies", True):
        return False
    kinds = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    if any(is_one(call) for is_one in kinds):
        return False

    @functools.wraps(call)
    def told(*args: Any, **given: Any) -> Any:
        one = running.get(None)
        if one is not None:
            one.cancellable = False
        return call(*args, **given)

    setattr(dependant, "call", told)  # noqa: B010 - of whatever type it is
    return True

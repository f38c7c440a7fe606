"""`fal.function(serve=True)`: a function that answers POST / as a class's endpoint does."""

import contextlib
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any

from fal.api import api as fal_api
from fastapi import FastAPI


def is_function(value: object) -> bool:
    """Return whether it is a function made by `fal.function`."""
    return isinstance(value, fal_api.IsolatedFunction) and value.raw_func is not None


def is_served(function: Any) -> bool:
    """Return whether it is served by us, or opens a port itself."""
    return bool(function.options.gateway.get("serve"))


def port_of(function: Any) -> int | None:
    """Return the port that the function opens itself."""
    port: int | None = function.options.gateway.get("exposed_port")
    return port


class Served(fal_api.ServeWrapper):
    """The function as fal wraps it, with its `setup_function` as setup()."""

    setup: Callable[[], Any]

    def __init__(self, function: Any) -> None:
        super().__init__(function.raw_func)
        before = function.options.host.get("setup_function")
        self.setup = before if before is not None else _nothing

    @contextlib.asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        """Set up before anything is served."""
        answer = self.setup()
        if inspect.isawaitable(answer):
            await answer
        yield


def _nothing() -> None:
    """Stand for a setup that there is not."""

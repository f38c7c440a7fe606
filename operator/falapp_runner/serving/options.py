"""What a FalApp or a class may say about its requests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from falapp_runner import contract

T = TypeVar("T")

MAX_MULTIPLEXING = 1
"""Requests at once, as on fal: what does not say otherwise has the GPU to itself."""

REQUEST_TIMEOUT = 3600.0
"""Seconds, as on fal."""

MAX_QUEUED = 100
"""Requests that wait in a runner; fal's queue stands before its runners and has no such number."""


class OptionError(Exception):
    """An option's value makes no sense; the text says what to do about it."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How one app is served."""

    max_multiplexing: int = MAX_MULTIPLEXING
    """So many requests are answered at once."""
    request_timeout: float | None = REQUEST_TIMEOUT
    """Seconds for one request from its turn on; None is no limit."""
    max_queued: int = MAX_QUEUED
    """So many more wait their turn; the next one is refused with 429."""
    access_log: bool = False
    """Whether each request leaves a line in the log."""
    app: str = ""
    """The FalApp's name, for logs, metrics and traces."""
    revision: str = ""
    """Which of the FalApp's specs the runner runs, likewise."""


def of(app: Any, environ: Mapping[str, str]) -> Options:
    """Return the options: the FalApp's variables, then the class's (or function's), then fal's."""
    told = said(app)
    timeout = _first(environ, contract.REQUEST_TIMEOUT, told, "request_timeout", _seconds)
    return Options(
        max_multiplexing=_first(
            environ, contract.MAX_MULTIPLEXING, told, "max_multiplexing", _at_least_one
        )
        or MAX_MULTIPLEXING,
        request_timeout=REQUEST_TIMEOUT if timeout is None else timeout or None,
        max_queued=_queued(environ),
        access_log=environ.get(contract.ACCESS_LOG, "").lower() in ("1", "true"),
        app=environ.get(contract.APP_NAME, "") or name(app),
        revision=environ.get(contract.REVISION, ""),
    )


def said(app: Any) -> Mapping[str, Any]:
    """Return what the class's attributes and keywords say, or a function's keywords."""
    if isinstance(app, type):
        return getattr(app, "host_kwargs", {})
    host: Mapping[str, Any] = getattr(getattr(app, "options", None), "host", {})
    return host


def name(app: Any) -> str:
    """Return what a class is called, or the function that fal has wrapped."""
    called: str = getattr(getattr(app, "raw_func", None) or app, "__name__", "")
    return called


def _first(
    environ: Mapping[str, str],
    variable: str,
    said: Mapping[str, Any],
    key: str,
    convert: Callable[[str, Any], T],
) -> T | None:
    if environ.get(variable):
        return convert(variable, environ[variable])
    value = said.get(key)
    return None if value is None else convert(key, value)


def _queued(environ: Mapping[str, str]) -> int:
    value = environ.get(contract.MAX_QUEUED)
    return int(_number(contract.MAX_QUEUED, value, 0)) if value else MAX_QUEUED


def _at_least_one(field: str, value: Any) -> int:
    return int(_number(field, value, 1))


def _seconds(field: str, value: Any) -> float:
    return _number(field, value, 0)


def _number(field: str, value: Any, least: int) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not least <= number < float("inf"):
        raise OptionError(f"{field}: {value!r} is no number of at least {least}; give one")
    return number

"""The options of a fal.App class, and what becomes of each: a field of the FalApp, or nothing.

Every option of fal's stands in one of two tables; a test holds them against the installed fal. Of
the first table, what this version's FalApp has no field for is left out, too, and said.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from falapp_cli.errors import InputError
from falapp_cli.source import standin
from falapp_operator.api.falapp import FalAppSpec

FIELDS = {
    "requirements": "requirements",
    "resolver": "resolver",
    "machine_type": "machineType",
    "num_gpus": "numGPUs",
    "max_multiplexing": "maxMultiplexing",
    "request_timeout": "requestTimeout",
    "startup_timeout": "startupTimeout",
    "termination_grace_period_seconds": "terminationGracePeriod",
    "min_concurrency": "replicas",
    "python_version": "pythonVersion",
    "image": "image",
    "secrets": "env",
    "app_files": "source",
    "local_python_modules": "source",
}
"""Options, and the field of a FalApp's spec that each ends in."""

FALLBACKS = "machineTypeFallbacks"
"""Where the second and further machine types go."""

WITHOUT = {
    "regions": "nodes are chosen by the machine type",
    "keep_alive": "runners are not stopped when they are idle",
    "max_concurrency": "the number of runners is fixed; see replicas",
    "concurrency_buffer": "the number of runners is fixed; see replicas",
    "concurrency_buffer_perc": "the number of runners is fixed; see replicas",
    "scaling_delay": "the number of runners is fixed; see replicas",
    "request_start_timeout": "there is no queue in front of the runners",
    "skip_retry_conditions": "requests are not retried",
    "retry_config": "requests are not retried",
    "metrics_port": "the runner reads it from the class",
    "app_auth": "who reaches the Service is a NetworkPolicy's or a gateway's to say",
    "data_mounts": "nothing says which PersistentVolumeClaim it would be",
    "health_check_config": "the runner's own gate is asked, whatever the app answers",
    "version": "the FalApp in Git has its history",
    "private_logs": "logs are the pod's",
    "compile_bytecode": "packages are always compiled",
    "force": "an environment is built once; see the annotation falapp.dev/retry",
    "setup_function": "an app has setup()",
    "metadata": "the app answers /openapi.json itself",
    "machine_types": "write machine_type as an attribute of the class",
    "exposed_port": "an app always answers on 8080",
    "local_file_path": "the file comes along by itself",
    "_base_image": "write image=",
    "_scheduler": "Kubernetes schedules",
    "_scheduler_options": "Kubernetes schedules",
}
"""Options without a meaning here, and why."""

QUIET = frozenset(
    {
        *("kind", "app_name", "host_kwargs"),  # said by other means
        # only change how the options above are read
        *("app_files_ignore", "app_files_context_dir", "requirements_context_dir"),
    }
)
"""Options that are used up in reading the others."""

_ATTRIBUTES = ("machine_type", "num_gpus", "regions", "requirements", "local_python_modules")
_KEYWORD_ONLY = ("python_version", "compile_bytecode", "private_logs")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What an app asks for."""

    values: dict[str, Any]
    """The options that the app sets, as fal reads them."""
    unread: tuple[str, ...]
    """Attributes that fal passes over without a word."""


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """An option that has no field."""

    option: str
    why: str

    def __str__(self) -> str:
        return f"{self.option}: {self.why}"


def read(kind: type[Any]) -> Options:
    """Return the options of an app class.

    Raises:
        InputError: fal would not take them.
    """
    import fal
    from fal.api import FalServerlessHost

    defaults = fal.App.host_kwargs
    host = dict(kind.host_kwargs)
    for name in _ATTRIBUTES:
        if name in host:
            raise InputError(
                f"{kind.__name__}: {name} is a keyword of the class, and fal reads it as an "
                f"attribute only; write `{name} = …` inside the class"
            )
    if (environment := host.get("kind")) not in (None, "virtualenv", "container"):
        raise InputError(
            f"kind: {environment} environments are not made here; list the packages as "
            "requirements, or give an image that has them"
        )
    try:
        FalServerlessHost.parse_options(**host)
    except ValueError as error:
        raise InputError(f"{kind.__name__}: {error}") from error
    values = {n: v for n, v in host.items() if v is not None and defaults.get(n, _NOTHING) != v}
    if values.get("app_files_ignore") == fal.App.app_files_ignore:
        del values["app_files_ignore"]
    values.pop("health_check_config" if host.get("health_check_config") is None else "", None)
    if "resolver" in host and host["resolver"] is None:
        values["resolver"] = None
    for name in (*_ATTRIBUTES, "app_auth", "version"):
        given = getattr(kind, name, None)
        if given not in (None, []) and given != getattr(fal.App, name, None):
            values[name] = given
    _refuse_stand_ins(kind, values)
    _refuse_types(kind, values)
    unread = tuple(n for n in _KEYWORD_ONLY if n in vars(kind) and n not in host)
    return Options(values=values, unread=unread)


_NOTHING = object()


def _refuse_stand_ins(kind: type[Any], values: dict[str, Any]) -> None:
    for name, value in values.items():
        if standin.is_stand_in(value):
            raise InputError(
                f"{kind.__name__}.{name}: comes from a package that is not installed here "
                f"({value!r}); give --requirement with its name, or write the value itself"
            )


def _refuse_types(kind: type[Any], values: dict[str, Any]) -> None:
    """Refuse what fal takes as it is, and could do nothing with either."""
    for name, (is_one, words) in _TYPES.items():
        if name in values and not is_one(values[name]):
            given = type(values[name]).__name__
            raise InputError(f"{kind.__name__}.{name}: is {given}, and no {words}; write one")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_text, value))


def _is_patterns(value: object) -> bool:
    try:
        return _is_texts(value) and all(re.compile(text) for text in cast("list[str]", value))
    except re.error:
        return False


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


_TYPES: dict[str, tuple[Callable[[object], bool], str]] = {
    "machine_type": (lambda it: _is_text(it) or _is_texts(it), "text or list of texts"),
    "app_files": (_is_texts, "list of texts"),
    "app_files_ignore": (_is_patterns, "list of regular expressions"),
    "app_files_context_dir": (_is_text, "text"),
    "local_python_modules": (_is_texts, "list of texts"),
    "secrets": (_is_texts, "list of texts"),
    "image": (lambda it: hasattr(it, "dockerfile_str"), "ContainerImage"),
    "startup_timeout": (_is_time, "number of seconds"),
    "request_timeout": (_is_time, "number of seconds"),
    "termination_grace_period_seconds": (_is_time, "number of seconds"),
}


def fields() -> frozenset[str]:
    """Return the names of the fields that a FalApp's spec has in this version."""
    return frozenset(f.alias or n for n, f in FalAppSpec.model_fields.items())


def left_out(values: dict[str, Any]) -> tuple[LeftOut, ...]:
    """Return what the FalApp does not hold of the options that are set."""
    there = {name.lower() for name in fields()}
    found = []
    for option in values:
        field = FIELDS.get(option)
        if option in WITHOUT:
            found.append(LeftOut(option=option, why=WITHOUT[option]))
        elif field and field.lower() not in there:
            found.append(LeftOut(option=option, why=_lacks(field)))
    types = values.get("machine_type")
    if isinstance(types, list) and len(types) > 1 and FALLBACKS.lower() not in there:
        found.append(LeftOut(option="machine_type", why=f"all but {types[0]}: {_lacks(FALLBACKS)}"))
    return tuple(found)


def _lacks(field: str) -> str:
    return f"this version's FalApp has no field {field}"

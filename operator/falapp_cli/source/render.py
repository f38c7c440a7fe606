"""A FalApp of a fal app file: offline, and without an account anywhere."""

import re
from dataclasses import dataclass, field
from typing import Any

from falapp_cli.errors import InputError
from falapp_cli.source import credentials, files, image, leftovers, load, options
from falapp_cli.source.options import LeftOut, Options
from falapp_operator.api import admission, meta
from falapp_operator.environment import requirements
from falapp_operator.errors import UserError
from falapp_requirements.errors import RequirementError

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is not in the file."""

    name: str = ""
    """The FalApp's name, in place of the app's."""
    namespace: str = ""
    """Its namespace; none is written where it is empty."""
    secret: str = credentials.SECRET
    """The Secret that fal's ``secrets`` and ``${NAME}`` are looked up in."""
    pull_secret: str = ""
    """The Secret with the credentials for the image's registries."""
    extract: bool = False
    """Whether literal credentials become a Secret; they are refused otherwise."""
    keep: bool = False
    """Whether they stay where they are: for what leaves this machine never."""


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A FalApp, and what it does not say."""

    app: dict[str, Any]
    """The FalApp."""
    secret: dict[str, Any] | None = field(default=None, repr=False)
    """A Secret with the credentials that were taken out."""
    left_out: tuple[LeftOut, ...] = ()
    """Options that have no field."""
    notes: tuple[str, ...] = ()
    """What else should be known."""


def render(reference: str, wishes: Wishes) -> Rendered:
    """Return the FalApp of ``app.py[::Class]``.

    Raises:
        InputError: The file, or what it asks for, cannot be used.
    """
    loaded = load.load(reference)
    read = options.read(loaded.kind)
    name = named(wishes.name or str(loaded.kind.app_name))
    layers, layered = _layers(read)
    extracted = _without_credentials(layers, wishes)
    layers = extracted.layers
    picture, without = _image(read, wishes)
    texts = files.collect(loaded.path, loaded.modules, read.values)
    if not wishes.keep:
        leftovers.refuse(texts, read.values.get("image"))
    texts, changed = leftovers.masked(texts, extracted.values)
    body = {
        "entrypoint": loaded.entrypoint,
        **_plain(read),
        **_requirements(layers, layered),
        **_references(extracted, name, wishes),
        **picture,
        **_env(read, wishes),
        "source": {"inline": texts},
    }
    there = {field.lower(): field for field in options.fields()}
    spec = {there[k.lower()]: v for k, v in body.items() if k.lower() in there}
    app = _object(name, wishes.namespace, spec)
    _validate(reference, app, layers)
    return Rendered(
        app=app,
        secret=_secret(extracted, name, wishes),
        left_out=(*options.left_out(read.values), *without),
        notes=(*_unread(read), *_absent(loaded), *_changed(changed)),
    )


def named(given: str) -> str:
    """Return a FalApp's name.

    Raises:
        InputError: It cannot be one.
    """
    if re.fullmatch(meta.APP_NAME, given):
        return given
    raise InputError(
        f"name: {given!r} cannot be a FalApp's name, which begins with a letter and has small "
        "letters, digits and '-', at most 63; give --name"
    )


def namespaced(given: str, field: str = "--namespace") -> str:
    """Return a namespace.

    Args:
        given: Its name.
        field: Where it stands, for the message.

    Raises:
        InputError: None can be called so.
    """
    if re.fullmatch(_LABEL, given):
        return given
    raise InputError(
        f"{field}: {given!r} cannot be a namespace's name, which has small letters, digits and "
        "'-', at most 63; give another"
    )


def _object(name: str, namespace: str, spec: dict[str, Any]) -> dict[str, Any]:
    where = {"namespace": namespaced(namespace)} if namespace else {}
    return {
        "apiVersion": meta.API_VERSION,
        "kind": "FalApp",
        "metadata": {"name": name, **where},
        "spec": spec,
    }


def _plain(read: Options) -> dict[str, Any]:
    """Return what is a matter of spelling alone."""
    values = read.values
    types = values.get("machine_type", [])
    types = [types] if isinstance(types, str) else list(types)
    made: dict[str, Any] = {
        "machineType": types[0] if types else None,
        options.FALLBACKS: types[1:] or None,
        "numGPUs": values.get("num_gpus"),
        "pythonVersion": _minor(values.get("python_version")),
        "resolver": "pip" if "resolver" in values and values["resolver"] is None else None,
        "maxMultiplexing": values.get("max_multiplexing"),
        "startupTimeout": _duration(values.get("startup_timeout")),
        "requestTimeout": _duration(values.get("request_timeout")),
        "terminationGracePeriod": _duration(values.get("termination_grace_period_seconds")),
        "replicas": values.get("min_concurrency") or None,
    }
    return {name: value for name, value in made.items() if value is not None}


def _minor(version: object) -> str | None:
    return ".".join(str(version).split(".")[:2]) if version else None


def _duration(seconds: object) -> str | None:
    """Return seconds as a FalApp writes them: 1200 is 20m."""
    if not isinstance(seconds, int | float) or seconds <= 0:
        return None
    whole = -int(-seconds // 1)
    parts = ((whole // 3600, "h"), (whole % 3600 // 60, "m"), (whole % 60, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count)


def _layers(read: Options) -> tuple[credentials.Layers, bool]:
    given = read.values.get("requirements", [])
    if not isinstance(given, list | tuple):
        raise InputError("requirements: is no list; write one of pip arguments")
    nested = [isinstance(item, list | tuple) for item in given]
    if any(nested) and not all(nested):
        raise InputError("requirements: mixes items and lists; write either, or a list of lists")
    layers = tuple(map(tuple, given)) if any(nested) else (tuple(given),)
    for item in (item for layer in layers for item in layer):
        if not isinstance(item, str):
            raise InputError(f"requirements: {item!r} is no text; write it as name==version")
    return tuple(layer for layer in layers if layer), any(nested)


def _without_credentials(layers: credentials.Layers, wishes: Wishes) -> credentials.Extracted:
    if wishes.extract:
        return credentials.extract(layers)
    if wishes.keep:
        return credentials.Extracted(layers=layers)
    credentials.refuse(layers, wishes.secret, wishes.namespace)
    return credentials.Extracted(layers=layers)


def _own(name: str) -> str:
    """Return the name of the Secret with the credentials that stood in the app ``name``."""
    return f"{name}-requirements"


def _requirements(layers: credentials.Layers, layered: bool) -> dict[str, Any]:
    if not layers:
        return {}
    if layered:
        return {"requirementLayers": [list(layer) for layer in layers]}
    return {"requirements": list(layers[0])}


def _references(extracted: credentials.Extracted, name: str, wishes: Wishes) -> dict[str, Any]:
    own = dict.fromkeys(extracted.values, _own(name))
    found = credentials.references(extracted.layers, own, wishes.secret)
    return {"requirementSecrets": found} if found else {}


def _secret(extracted: credentials.Extracted, name: str, wishes: Wishes) -> dict[str, Any] | None:
    if not extracted.values:
        return None
    return credentials.manifest(_own(name), wishes.namespace, extracted.values)


def _image(read: Options, wishes: Wishes) -> tuple[dict[str, Any], list[LeftOut]]:
    given = read.values.get("image")
    if given is None:
        return {}, []
    made, without = image.spec(given, wishes.pull_secret)
    return {"image": made}, without


def _env(read: Options, wishes: Wishes) -> dict[str, Any]:
    names = read.values.get("secrets") or []
    made = [
        {"name": n, "valueFrom": {"secretKeyRef": {"name": wishes.secret, "key": n}}} for n in names
    ]
    return {"env": made} if made else {}


def _validate(reference: str, app: dict[str, Any], layers: credentials.Layers) -> None:
    """Have the operator's own code refuse what would be refused in the cluster."""
    try:
        made = admission.read(app)
    except UserError as error:
        raise InputError(f"{reference}: {error}; correct the app") from error
    try:
        requirements.read(layers)
        if made.image and made.image.dockerfile:
            from falapp_operator.environment import dockerfile

            dockerfile.canonical(made.image.dockerfile, made.image.build_args, "linux/amd64")
    except RequirementError as error:
        raise InputError(f"{reference}: requirements: {error}") from error
    except UserError as error:
        raise InputError(f"{reference}: {error.message}") from error


def _unread(read: Options) -> tuple[str, ...]:
    return tuple(
        f"{name}: fal reads it as a keyword only, and passes over the attribute; write "
        f"`class Name(fal.App, {name}=…)`"
        for name in read.unread
    )


def _changed(names: list[str]) -> tuple[str, ...]:
    return tuple(
        f"{name}: the FalApp has it with the credentials' names in their place; mend the file, too"
        for name in names
    )


def _absent(loaded: load.Loaded) -> tuple[str, ...]:
    if not loaded.absent:
        return ()
    names = ", ".join(loaded.absent)
    return (f"{names}: not installed here; the file was read without",)

"""Credentials that stand in requirements as they are: refused, or taken out into a Secret."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from falapp_cli.errors import InputError
from falapp_requirements import credentials, redact, variables

_EXPIRING = re.compile(
    r"(^|&)(x-amz-(date|expires|signature)|x-goog-(date|expires|signature)|x-oss-[a-z]+|expires|se"
    r"|signature|policy)=",
    re.IGNORECASE,
)

Layers = tuple[tuple[str, ...], ...]

SECRET = "falapp-secrets"  # noqa: S105 - the name of one
"""The Secret that `falapp secret set` writes, and that names in apps lead to."""


_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


def named(given: str, option: str) -> None:
    """Refuse a name that no Secret can have; an empty one is as by default.

    Raises:
        InputError: It is one.
    """
    if given and not _NAME.fullmatch(given):
        raise InputError(
            f"{option}: {given!r} cannot be a Secret's name, which has small letters, digits, '-' "
            "and '.'; give another"
        )


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """Requirements that name their credentials, and these."""

    layers: Layers
    values: dict[str, str] = field(default_factory=dict, repr=False)
    """The credentials by their names."""


def extract(layers: Layers) -> Extracted:
    """Return the layers with ``${NAME}`` in place of each literal credential.

    Raises:
        InputError: One is a signed URL, which will not be valid for long.
    """
    separated = credentials.separated(layers)
    taken = set(variables.names(token for layer in layers for token in layer))
    names = {}
    for token in (token for layer in separated.layers for token in layer):
        for own in variables.names([token]):
            if own in separated.values:
                names[own] = _name(token, taken)
    for own, value in separated.values.items():
        if _EXPIRING.search(value):
            raise InputError(_signed(separated, own, names[own]))
    renamed = tuple(tuple(_renamed(t, names) for t in layer) for layer in separated.layers)
    return Extracted(
        layers=renamed, values={names[own]: value for own, value in separated.values.items()}
    )


def refuse(layers: Layers, secret: str, namespace: str = "") -> None:
    """Refuse layers that hold a literal credential.

    Args:
        layers: The requirements.
        secret: The Secret that the names in them would be looked up in.
        namespace: Its namespace; empty where it is not known.

    Raises:
        InputError: They do; the message has what to write instead.
    """
    found = extract(layers)
    if not found.values:
        return
    name, where = next(iter(found.values)), f" -n {namespace}" if namespace else ""
    chosen = "" if secret == SECRET else f" --secret {secret}"
    every = " ".join(found.values)
    lines = [
        f"  {redact.item(old)}\n    write: {new}"
        for before, after in zip(layers, found.layers, strict=True)
        for old, new in zip(before, after, strict=True)
        if old != new
    ]
    raise InputError(
        "requirements: a credential stands in them, which would end in Git; make a Secret of it by "
        f"`{command(secret, name, namespace)}` (or by `falapp secret set {every}{chosen}{where}`, "
        f"which also adds to one that is there), and write ${{{name}}}, "
        "or give --extract-secrets FILE\n" + "\n".join(lines)
    )


def command(secret: str, name: str, namespace: str = "") -> str:
    """Return the kubectl command that makes a Secret without its value among the arguments."""
    where = f" --namespace {namespace}" if namespace else ""
    return (
        f'read -rs VALUE; printf %s "$VALUE" | kubectl create secret generic {secret}{where} '
        f"--from-file={name}=/dev/stdin"
    )


def manifest(name: str, namespace: str, values: dict[str, str]) -> dict[str, object]:
    """Return a Secret."""
    where = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, **where},
        "type": "Opaque",
        "stringData": values,
    }


def references(layers: Layers, given: dict[str, str], otherwise: str) -> list[dict[str, object]]:
    """Return ``requirementSecrets`` for the names that the layers use.

    Args:
        layers: The requirements.
        given: The Secrets of some names.
        otherwise: The Secret of the others.
    """
    used = variables.names(token for layer in layers for token in layer)
    return [
        {"name": name, "secretKeyRef": {"name": given.get(name, otherwise), "key": name}}
        for name in sorted(used)
    ]


def _name(token: str, taken: set[str]) -> str:
    """Return a name that is not taken, made of the host: GIT_EXAMPLE_TOKEN."""
    plain = re.sub(r"\$\{[A-Z0-9_]+\}", "x", token)
    host = urlsplit(f"x://{plain.partition('://')[2]}")
    stem = re.sub(r"[^A-Z0-9]+", "_", (host.hostname or "package").upper()).strip("_")
    stem = stem if stem[:1].isalpha() else f"HOST_{stem}"
    name, number = f"{stem}_TOKEN", 1
    while name in taken:
        number += 1
        name = f"{stem}_TOKEN_{number}"
    taken.add(name)
    return name


def _renamed(token: str, names: dict[str, str]) -> str:
    for own, name in names.items():
        token = token.replace(f"${{{own}}}", f"${{{name}}}")
    return token


def _signed(separated: credentials.Separated, own: str, name: str) -> str:
    tokens: Sequence[str] = [t for layer in separated.layers for t in layer if f"${{{own}}}" in t]
    shown = redact.item(re.sub(r"\?.*", "", tokens[0]))
    package = shown.partition("@")[0].strip() if "@" in shown.partition("://")[0] else "name"
    return (
        f"requirements: {shown} is a signed URL, which expires while it stands in Git; put the "
        "file where a token opens it, as in a package index, or write "
        f"`{package} @ ${{{name}}}` and keep the URL, renewed, in a Secret "
        f"(`falapp secret set {name}`)"
    )

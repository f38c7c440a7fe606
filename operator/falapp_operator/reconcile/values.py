"""What a build's ${NAME}s stand for, read when it starts, handed to its Job, and kept nowhere.

Secrets are read one by one, by the names that the Environment's spec gives. Literal credentials
stand in the FalApps that own the Environment, and nowhere else.
"""

import base64
import binascii
from dataclasses import dataclass, field

from pydantic import ValidationError

from falapp_operator.api.conditions import Reason
from falapp_operator.api.falapp import FalAppSpec, KeyRef
from falapp_operator.api.objects import Object, Ref
from falapp_operator.cluster.client import Client
from falapp_operator.environment import job as jobs
from falapp_operator.environment import manifest
from falapp_operator.errors import ForbiddenError, UserError
from falapp_operator.reconcile.context import FALAPP, Context, own
from falapp_requirements import variables

_SOON = "and the build starts by itself"


@dataclass(frozen=True, kw_only=True)
class Values:
    """The values of one build; they are never shown."""

    variables: dict[str, str] = field(default_factory=dict, repr=False)
    """By name."""
    docker_config: str = field(default="", repr=False)
    """What the base image is pulled with, in base64; empty where the build has no such Secret."""


async def read(context: Context, environment: Object, build: jobs.Build) -> Values:
    """Return the values that ``build`` needs.

    Raises:
        UserError: One is missing; the message names where it should be, and never a value.
    """
    held: dict[str, Object] = {}
    refs = {secret.name: secret.secret_key_ref for secret in build.spec.secrets}
    found: dict[str, str] = {}
    for name in build.variables:
        if name.startswith(variables.RESERVED):
            continue
        field_ = f"requirementSecrets: ${{{name}}}"
        secret = await _secret(context.cluster, build.namespace, refs[name].name, field_, held)
        found[name] = _text(secret, refs[name], f"{field_}: Secret {_place(build, refs[name])}")
    literals = [n for n in build.variables if n.startswith(variables.RESERVED)]
    if literals:
        found |= await _literals(context, environment, build, literals)
    return Values(variables=found, docker_config=await _docker_config(context, build, held))


async def _secret(
    cluster: Client, namespace: str, name: str, field_: str, held: dict[str, Object]
) -> Object:
    """Return a Secret, asking for each once."""
    if name in held:
        return held[name]
    where = Ref(api_version="v1", kind="Secret", namespace=namespace, name=name)
    try:
        found = await cluster.get(where)
    except ForbiddenError as error:
        raise _missing(
            f"{field_}: the operator may not read Secret {name!r} in namespace {namespace}; add"
            f" {namespace} to requirementSecrets.namespaces of the operator's chart"
        ) from error
    if found is None:
        raise _missing(
            f"{field_}: there is no Secret {name!r} in namespace {namespace}; create it {_SOON}"
        )
    held[name] = found
    return found


def _text(secret: Object, ref: KeyRef, what: str) -> str:
    """Return the value at a key of a Secret, without the line break that files end with."""
    data = secret.get("data") or {}
    if ref.key not in data:
        raise _missing(f"{what} has no key {ref.key!r}; add it {_SOON}")
    what = f"{what}: the value at key {ref.key!r}"
    try:
        text = base64.b64decode(data[ref.key], validate=True).decode().rstrip("\r\n")
    except (binascii.Error, UnicodeDecodeError):
        # Without a cause: it would hold the value.
        raise _missing(f"{what} is not text; write it anew {_SOON}") from None
    if not text or not text.isprintable() or " " in text:
        why = "holds a space or a character that cannot be seen" if text else "is empty"
        raise _missing(f"{what} {why}; write it anew {_SOON}")
    return text


def _place(build: jobs.Build, ref: KeyRef) -> str:
    return f"{ref.name!r} in namespace {build.namespace}"


async def _literals(
    context: Context, environment: Object, build: jobs.Build, names: list[str]
) -> dict[str, str]:
    """Return the literal credentials of the last owner that has them: the newest are the best."""
    for owner in reversed(environment["metadata"].get("ownerReferences", ())):
        if owner["kind"] != FALAPP:
            continue
        app = await context.cluster.get(own(FALAPP, build.namespace, owner["name"]))
        if app is None or app["metadata"]["uid"] != owner["uid"]:
            continue
        found = _credentials(app, build, context)
        if all(name in found for name in names):
            return {name: found[name] for name in names}
    raise _missing(
        "spec.requirements: no FalApp that uses this Environment holds its credentials any more;"
        " apply one that does"
    )


def _credentials(app: Object, build: jobs.Build, context: Context) -> dict[str, str]:
    """Return what an app's requirements hold, if they still ask for this very environment."""
    try:
        spec = FalAppSpec.model_validate(app["spec"])
        python = build.spec.python_version or ""  # a Dockerfile's image has no requirements
        wanted = manifest.spec_of(spec, python, context.settings, build.spec.profile)
    except (ValidationError, UserError):
        return {}
    return manifest.credentials_of(spec) if wanted == build.spec else {}


async def _docker_config(context: Context, build: jobs.Build, held: dict[str, Object]) -> str:
    name = build.spec.pull_secret
    if not name or not build.pull_secret:
        return ""
    secret = await _secret(context.cluster, build.namespace, name, "image.pullSecret", held)
    found = (secret.get("data") or {}).get(jobs.DOCKER_CONFIG)
    if not found:
        raise _missing(
            f"image.pullSecret: Secret {name!r} in namespace {build.namespace} has no key"
            f" {jobs.DOCKER_CONFIG!r}; create it with kubectl create secret docker-registry {_SOON}"
        )
    return str(found)


def _missing(message: str) -> UserError:
    return UserError(Reason.SECRET_NOT_FOUND, message)

"""The Environment object of an app: its spec from the app's, and who owns it."""

import re
from collections.abc import Iterable

from falapp_operator import errors
from falapp_operator.api import meta
from falapp_operator.api.conditions import Reason
from falapp_operator.api.environment import PLATFORM, Dockerfile, EnvironmentSpec
from falapp_operator.api.falapp import FalAppSpec, RequirementSecret
from falapp_operator.api.objects import Object
from falapp_operator.api.profile import Profile
from falapp_operator.environment import dockerfile, key, requirements
from falapp_operator.settings import Settings
from falapp_registry import reference
from falapp_registry.errors import ImageNameError
from falapp_requirements import variables as names
from falapp_requirements.credentials import Separated
from falapp_requirements.errors import RequirementError


def spec_of(
    app: FalAppSpec, python: str, settings: Settings, profile: Profile | None = None
) -> EnvironmentSpec:
    """Return the spec of the environment that ``app`` needs.

    Args:
        app: The app.
        python: The version of Python.
        settings: The operator's.
        profile: What its machine type says that packages are for.

    Raises:
        UserError: A requirement or the image cannot be used.
    """
    layers = _read(app).layers
    made = _dockerfile(app, settings)
    return EnvironmentSpec(
        base_image=None if made else _base_image(app, python, settings),
        dockerfile=made,
        pull_secret=app.image.pull_secret if app.image else None,
        python_version=python,
        profile=profile,
        resolver=app.resolver or "uv",
        layers=layers,
        secrets=_used(layers, app.requirement_secrets or ()),
    )


def base_of(spec: EnvironmentSpec) -> EnvironmentSpec:
    """Return the spec of the Environment that gives ``spec`` its Dockerfile's image."""
    return EnvironmentSpec(
        dockerfile=spec.dockerfile, pull_secret=spec.pull_secret, platform=spec.platform
    )


def credentials_of(app: FalAppSpec) -> dict[str, str]:
    """Return the credentials that stand in an app's requirements, by the names they get.

    Raises:
        UserError: A requirement cannot be used.
    """
    return dict(_read(app).values)


def exposed_by(app: FalAppSpec) -> tuple[str, ...]:
    """Return the requirements of an app that hold a credential, without it.

    Raises:
        UserError: A requirement cannot be used.
    """
    return _read(app).exposed


def variables(layers: requirements.Layers) -> tuple[str, ...]:
    """Return the names that layers use as ${NAME}, in the order of their first use."""
    return names.names(token for layer in layers for token in layer)


def refuse_environment(image: str, field: str, settings: Settings) -> None:
    """Refuse a base image that is an environment itself.

    What a node may pull for the operator, it pulls for a build as well, so one tenant's base could
    be another one's private packages.

    Raises:
        UserError: It is one, or no name of an image; the message names ``field``.
    """
    try:
        found = _repository(image)
    except ImageNameError as error:
        raise errors.UserError(Reason.INVALID_SPEC, f"{field}: {error}") from error
    if found == _repository(settings.registry.repository):
        message = (
            f"{field}: {image} is an environment, which may be another namespace's; name the image"
            " that it is made from, and list its packages as requirements"
        )
        raise errors.UserError(Reason.INVALID_SPEC, message)


def environment(spec: EnvironmentSpec, namespace: str, owners: Iterable[Object]) -> Object:
    """Return the Environment of ``spec``; it goes when the last of its owners does."""
    return {
        "apiVersion": meta.API_VERSION,
        "kind": "Environment",
        "metadata": {
            "name": key.name(spec, namespace),
            "namespace": namespace,
            "labels": {meta.LABEL_MANAGED_BY: meta.MANAGED_BY},
            "ownerReferences": list(owners),
        },
        "spec": spec.to_object(),
    }


def _read(app: FalAppSpec) -> Separated:
    try:
        return requirements.read(app.layers)
    except RequirementError as error:
        field = "requirementLayers" if app.requirement_layers else "requirements"
        message = f"spec.{field}: {error}"
        raise errors.UserError(Reason.INVALID_REQUIREMENT, message) from error


def _used(
    layers: requirements.Layers, given: Iterable[RequirementSecret]
) -> tuple[RequirementSecret, ...]:
    """Return the secrets that the layers use, by name; the operator's own names need none.

    Raises:
        UserError: There is none for a name.
    """
    known = {secret.name: secret for secret in given}
    used = [name for name in variables(layers) if not name.startswith(names.RESERVED)]
    for name in used:
        if name not in known:
            message = (
                f"spec.requirementSecrets: ${{{name}}} stands in a requirement, and nothing says"
                f" what it is; add {{name: {name}, secretKeyRef: {{name: …, key: …}}}}"
            )
            raise errors.UserError(Reason.INVALID_REQUIREMENT, message)
    return tuple(known[name] for name in sorted(used))


def _dockerfile(app: FalAppSpec, settings: Settings) -> Dockerfile | None:
    if app.image is None or app.image.dockerfile is None:
        return None
    made = dockerfile.canonical(app.image.dockerfile, app.image.build_args, PLATFORM)
    refuse_environments(made, settings)
    return made


def refuse_environments(made: Dockerfile, settings: Settings) -> None:
    """Refuse a Dockerfile that names an environment, as `refuse_environment` does.

    Raises:
        UserError: It does, or what it names is no image.
    """
    for image in dockerfile.images(made.text):
        if "$" not in image:  # what an ARG makes of it, Kaniko tells, which has no login there
            refuse_environment(image, dockerfile.FIELD, settings)


def _base_image(app: FalAppSpec, python: str, settings: Settings) -> str:
    if app.image is None or app.image.name is None:
        return settings.pythons[python].base_image
    refuse_environment(app.image.name, "spec.image.name", settings)
    return app.image.name


def _repository(image: str) -> tuple[str, str]:
    """Return registry and path of an image in one spelling, without tag and digest."""
    named = reference.parse(image)
    return re.sub(":(443|80)$", "", named.host), named.repository

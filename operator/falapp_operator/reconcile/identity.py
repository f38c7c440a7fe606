"""Whether an Environment is called by its key, and is written as a FalApp's would be.

A build, and with it the image, is found by the name alone: one that anybody could choose would let
them bring their own packages under another tenant's name. And a spec that says the same in other
words would be built twice, or hold a credential for everybody to see.
"""

from falapp_operator.api.conditions import Reason
from falapp_operator.api.environment import EnvironmentSpec
from falapp_operator.environment import dockerfile, manifest, requirements
from falapp_operator.environment import key as keys
from falapp_operator.errors import UserError
from falapp_operator.reconcile.queue import Key
from falapp_operator.settings import Settings
from falapp_requirements import redact, variables
from falapp_requirements.errors import RequirementError


def complaint(key: Key, spec: EnvironmentSpec, settings: Settings) -> UserError | None:
    """Return what is wrong with the Environment at ``key``, or None."""
    try:
        _refuse_base(spec, settings)
        layers = requirements.canonical(spec.layers)
    except RequirementError as error:
        return UserError(Reason.INVALID_REQUIREMENT, f"spec.layers: {error}")
    except UserError as error:
        return error
    used = (n for n in manifest.variables(layers) if not n.startswith(variables.RESERVED))
    if [secret.name for secret in spec.secrets] != sorted(used):
        return _invalid(
            "spec.secrets: give the Secret of each ${NAME} that stands in spec.layers, and no"
            " other, in order of their names"
        )
    name = keys.name(spec.model_copy(update={"layers": layers}), key.namespace)
    if layers != spec.layers:
        return _invalid(
            f"spec.layers: {_difference(spec.layers, layers)}; write it so, under the name {name},"
            " or let a FalApp make the Environment"
        )
    if key.name != name:
        return _invalid(
            "metadata.name: an Environment's name is made from its spec, and this one's is"
            f" {name}; create it under that name"
        )
    return None


def _refuse_base(spec: EnvironmentSpec, settings: Settings) -> None:
    """Refuse a base that no FalApp would be given.

    Raises:
        UserError: It is such a one.
    """
    if spec.base_image:
        manifest.refuse_environment(spec.base_image, "spec.baseImage", settings)
    if spec.dockerfile:
        given = spec.dockerfile
        made = dockerfile.canonical(given.text, given.args, spec.platform)
        if made != given:
            raise _invalid(
                "spec.dockerfile: end lines with a line feed, the last one, too, and nothing after"
                " it; or let a FalApp make the Environment"
            )
        manifest.refuse_environments(made, settings)


def _invalid(message: str) -> UserError:
    return UserError(Reason.INVALID_SPEC, message)


def _difference(given: requirements.Layers, right: requirements.Layers) -> str:
    """Return the first item that is not in its one spelling, beside that."""
    for mine, other in zip(given, right, strict=True):
        for item, spelled in zip(mine, other, strict=False):
            if item != spelled:
                return f"`{redact.item(item)}` is spelled `{redact.item(spelled)}`"
    return "an item is split in two"

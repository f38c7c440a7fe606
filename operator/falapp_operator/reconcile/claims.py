"""Owning an Environment together with others, and handing it the wish to try again. Pure."""

from falapp_operator.api import meta
from falapp_operator.api.environment import EnvironmentSpec
from falapp_operator.api.objects import Object, owner_reference
from falapp_operator.environment import manifest


def claim(
    live: Object | None, claimant: Object, spec: EnvironmentSpec, retry: str = ""
) -> Object | None:
    """Return the Environment of ``spec`` with ``claimant`` among its owners.

    Args:
        live: The Environment, if it exists.
        claimant: A FalApp, or another Environment, of the same namespace.
        spec: What the Environment is.
        retry: The value of falapp.dev/retry that is to be handed on, if there is one.

    Returns:
        What it shall be; None where there is nothing to change.
    """
    mine = owner_reference(claimant, controller=False)
    owners = list(live["metadata"].get("ownerReferences", ())) if live else []
    if mine["uid"] not in (o["uid"] for o in owners):
        owners.append(mine)
    elif not retry:
        return None
    wanted = manifest.environment(spec, claimant["metadata"]["namespace"], owners)
    return kept(wanted, live, retry)


def kept(wanted: Object, live: Object | None, retry: str = "") -> Object:
    """Return ``wanted`` with what ``live`` has from others: their wish to try again.

    The API server is to refuse it if another one changed the owners meanwhile.
    """
    if live is None:
        return wanted
    more: Object = {"resourceVersion": live["metadata"]["resourceVersion"]}
    retry = retry or live["metadata"].get("annotations", {}).get(meta.ANNOTATION_RETRY, "")
    if retry:
        more["annotations"] = {meta.ANNOTATION_RETRY: retry}
    return wanted | {"metadata": wanted["metadata"] | more}

"""Owning an Environment together with others, and handing it the wish to try again. Pure.

Nobody owns an Environment that a user made: it would go with the last app that uses it.
"""

from falapp_operator.api import meta
from falapp_operator.api.environment import EnvironmentSpec
from falapp_operator.api.objects import Object, annotation, owner_reference
from falapp_operator.environment import manifest
from falapp_requirements import variables


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
    if live is not None and is_users(live):
        return _asked_again(live, retry)
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
    retry = retry or annotation(live, meta.ANNOTATION_RETRY)
    if retry:
        more["annotations"] = {meta.ANNOTATION_RETRY: retry}
    return wanted | {"metadata": wanted["metadata"] | more}


def is_users(live: Object) -> bool:
    """Return whether a user made this Environment, so that it stays when its last app is gone.

    One that needs a literal credential is the apps' all the same: it stands in their specs alone.
    """
    managed_by = live["metadata"].get("labels", {}).get(meta.LABEL_MANAGED_BY)
    used = manifest.variables(live["spec"].get("layers", ()))
    return managed_by != meta.MANAGED_BY and not any(n.startswith(variables.RESERVED) for n in used)


def _asked_again(live: Object, retry: str) -> Object | None:
    metadata = live["metadata"]
    if retry in ("", annotation(live, meta.ANNOTATION_RETRY)):
        return None
    return {
        "apiVersion": live["apiVersion"],
        "kind": live["kind"],
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "annotations": {meta.ANNOTATION_RETRY: retry},
        },
    }

"""How many of an app's runners may be taken from it at once, as when a node is drained."""

from falapp_operator.api import meta
from falapp_operator.api.objects import Object
from falapp_operator.runner import child

_AT_ONCE = "25%"
"""Kubernetes rounds it up: one of up to four. Of several runners on one node each waits until the
one before is replaced; the only runner of an app is let go, or its node could never be drained."""


def budget(app: Object) -> Object:
    """Return the PodDisruptionBudget of the FalApp ``app``."""
    labels = {meta.LABEL_APP: meta.shortened(app["metadata"]["name"])}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": child.metadata(app),
        "spec": {
            "maxUnavailable": _AT_ONCE,
            "selector": {"matchLabels": labels},
            # one that serves nobody keeps no node back
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }

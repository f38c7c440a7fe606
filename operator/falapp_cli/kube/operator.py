"""The operator that is installed in a cluster."""

import contextlib

from falapp_cli.errors import ClusterError, ForbiddenError
from falapp_cli.kube import defaults
from falapp_cli.kube.app import Reader
from falapp_operator.api import meta
from falapp_operator.api.objects import Object


def settings(kube: Reader, namespace: str) -> str:
    """Return the operator's settings as text.

    Raises:
        ClusterError: There are none, or you may not read them.
    """
    found = kube.list("v1", "ConfigMap", namespace, labels=defaults.LABELS)
    for config in found:
        if text := (config.get("data") or {}).get("settings.yaml"):
            return str(text)
    with contextlib.suppress(ForbiddenError):
        kube.list(meta.API_VERSION, "MachineType")  # tells where falapp is not installed at all
    raise ClusterError(
        f"the operator's settings are not in namespace {namespace} (a ConfigMap labelled "
        f"{defaults.LABELS}); give --operator-namespace, or --settings FILE"
    )


def deployment(kube: Reader, namespace: str) -> Object:
    """Return the operator's Deployment.

    Raises:
        ClusterError: There is none.
    """
    found = kube.list("apps/v1", "Deployment", namespace, labels=defaults.LABELS)
    if not found:
        raise ClusterError(
            f"there is no operator in namespace {namespace} (a Deployment labelled "
            f"{defaults.LABELS}); install the chart, or give --operator-namespace"
        )
    return found[0]

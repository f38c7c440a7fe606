"""The operator that is installed in a cluster."""

from typing import Protocol

from falapp_cli.errors import ClusterError
from falapp_cli.kube import defaults
from falapp_operator.api.objects import Object, Ref


class _Getter(Protocol):
    def get(self, where: Ref) -> Object | None:
        """Return an object, or None."""


def settings(cluster: _Getter, namespace: str) -> str:
    """Return the operator's settings as text.

    Raises:
        ClusterError: There are none, or you may not read them.
    """
    where = Ref(api_version="v1", kind="ConfigMap", name=defaults.SETTINGS, namespace=namespace)
    found = cluster.get(where)
    text = str((found or {}).get("data", {}).get("settings.yaml", ""))
    if not text:
        raise ClusterError(
            f"the operator's settings are not in namespace {namespace} (ConfigMap "
            f"{defaults.SETTINGS}); give --operator-namespace, or --settings FILE"
        )
    return text

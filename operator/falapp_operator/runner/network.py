"""The Service in front of an app's ready runners."""

from falapp_operator.api import meta
from falapp_operator.api.objects import Object
from falapp_operator.runner import child

PORT = 80


def service(app: Object) -> Object:
    """Return the Service of the FalApp ``app``: it has the app's name and port 80."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": child.metadata(app),
        "spec": {
            "type": "ClusterIP",
            "selector": {meta.LABEL_APP: meta.shortened(app["metadata"]["name"])},
            "ports": [{"name": "http", "port": PORT, "targetPort": "http", "protocol": "TCP"}],
        },
    }


def url(app: Object) -> str:
    """Return where the app answers inside the cluster."""
    return f"http://{app['metadata']['name']}.{app['metadata']['namespace']}.svc"

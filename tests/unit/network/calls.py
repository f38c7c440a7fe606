"""One call of each kind to the API server, and what they are about."""

from falapp_operator.api.objects import Ref

DEPLOYMENT = Ref(api_version="apps/v1", kind="Deployment", name="hello", namespace="video")
ENVIRONMENT = Ref(
    api_version="falapp.dev/v1alpha1", kind="Environment", name="env-1", namespace="video"
)
OBJECT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "hello", "namespace": "video"},
    "spec": {"replicas": 1},
}

CALLS = {
    "get": lambda client: client.get(DEPLOYMENT),
    "list": lambda client: client.list("v1", "Pod", "video"),
    "apply": lambda client: client.apply(OBJECT),
    "apply_status": lambda client: client.apply_status(ENVIRONMENT, {"image": ""}),
    "create": lambda client: client.create(OBJECT),
    "scale": lambda client: client.scale(DEPLOYMENT, 3, version="7"),
    "delete": lambda client: client.delete(DEPLOYMENT),
}

"""Where the API server has objects of each kind, by the paths of its HTTP API."""

from falapp_operator.api import meta
from falapp_operator.api.objects import Ref

PLURALS = {
    ("v1", "ConfigMap"): "configmaps",
    ("v1", "Event"): "events",
    ("v1", "Node"): "nodes",
    ("v1", "Pod"): "pods",
    ("v1", "Secret"): "secrets",
    ("v1", "Service"): "services",
    ("apps/v1", "Deployment"): "deployments",
    ("apps/v1", "ReplicaSet"): "replicasets",
    ("batch/v1", "Job"): "jobs",
    ("coordination.k8s.io/v1", "Lease"): "leases",
    ("policy/v1", "PodDisruptionBudget"): "poddisruptionbudgets",
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"): "customresourcedefinitions",
    (meta.API_VERSION, "FalApp"): "falapps",
    (meta.API_VERSION, "Environment"): "environments",
    (meta.API_VERSION, "MachineType"): "machinetypes",
}
"""What a collection is called, by apiVersion and kind."""


def path(ref: Ref) -> str:
    """Return the path of the object at ``ref``, or of its collection where it has no name."""
    plural = PLURALS[ref.api_version, ref.kind]
    root = "/api/v1" if ref.api_version == "v1" else f"/apis/{ref.api_version}"
    parts = [root, f"namespaces/{ref.namespace}" if ref.namespace else "", plural, ref.name]
    return "/".join(part for part in parts if part)

"""How builds keep off nodes with GPUs, which are dear, and of no use to a build."""

from falapp_operator.api.objects import Object
from falapp_operator.settings import Settings

_LABELS = (
    "nvidia.com/gpu.present",
    "nvidia.com/gpu.product",
    "cloud.google.com/gke-accelerator",
    "karpenter.k8s.aws/instance-gpu-name",
    "eks.amazonaws.com/instance-gpu-name",
    "karpenter.azure.com/sku-gpu-name",
    "kubernetes.azure.com/accelerator",
    "gpu.nvidia.com/class",
    "amd.com/gpu.product-name",
)
"""What only nodes with GPUs are labelled with, whatever the value."""


def keep_off(settings: Settings) -> Object:
    """Return the node affinity of a build's pod."""
    demands = [*({"key": key, "operator": "DoesNotExist"} for key in _LABELS), *_named(settings)]
    if settings.builds.keep_off_gpu_nodes == "required":
        terms = [{"matchExpressions": demands}]
        return {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    preference = {"weight": 100, "preference": {"matchExpressions": demands}}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [preference]}


def _named(settings: Settings) -> list[Object]:
    """Return demands against the values by which the settings' machine types know a GPU.

    A term of several labels cannot be turned round in one: the labels above are for those.
    """
    values: dict[str, set[str]] = {}
    for machine in settings.machine_types.values():
        for term in (machine.node_selector_terms or ()) if machine.gpu else ():
            only, *more = term.match_expressions
            if not more and only.operator == "In" and only.key not in _LABELS:
                values.setdefault(only.key, set()).update(only.values or ())
    return [
        {"key": key, "operator": "NotIn", "values": sorted(found)}
        for key, found in sorted(values.items())
    ]

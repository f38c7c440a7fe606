"""What tools make of an object's status, by their own rules.

kstatus is what Flux, kpt and Helm 4's `--wait` ask. `kstatus` below has its rules for a kind that
it does not know, those of sigs.k8s.io/cli-utils at 5895ad6c17dd (2025-10-21): `Compute` and
`checkReadyCondition` in pkg/kstatus/status/status.go, `checkGenericProperties` and
`checkGeneration` in generic.go beside it.
"""

from collections.abc import Mapping
from typing import Any

Object = Mapping[str, Any]


def kstatus(obj: Object) -> str:
    """Return Terminating, InProgress, Failed or Current."""
    metadata, status = obj["metadata"], obj.get("status", {})
    if metadata.get("deletionTimestamp"):
        return "Terminating"
    observed = status.get("observedGeneration")
    if "generation" in metadata and observed not in (None, metadata["generation"]):
        return "InProgress"
    for condition in status.get("conditions", ()):
        if condition["status"] == "True":
            if condition["type"] == "Reconciling":
                return "InProgress"
            if condition["type"] == "Stalled":
                return "Failed"
    for condition in status.get("conditions", ()):
        if condition["type"] == "Ready":
            return "Current" if condition["status"] == "True" else "InProgress"
    return "Current"


def is_met(obj: Object) -> bool:
    """Return whether `kubectl wait --for=condition=Ready` is over.

    By `ConditionalWait.checkCondition` of Kubernetes' kubectl/pkg/cmd/wait/condition.go.
    """
    metadata, status = obj["metadata"], obj.get("status", {})
    for condition in status.get("conditions", ()):
        if condition["type"] == "Ready":
            observed = condition.get("observedGeneration", status.get("observedGeneration"))
            stale = observed is not None and observed < metadata["generation"]
            return not stale and condition["status"] == "True"
    return False

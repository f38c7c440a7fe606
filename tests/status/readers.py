"""What tools make of an object's status, by their own rules.

kstatus is what Flux, kpt and Helm 4's `--wait` ask. `kstatus` below has its rules for a kind that
it does not know, those of sigs.k8s.io/cli-utils at 5895ad6c17dd (2025-10-21): `Compute` and
`checkReadyCondition` in pkg/kstatus/status/status.go, `checkGenericProperties` and
`checkGeneration` in generic.go beside it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from lupa import lua51

Object = Mapping[str, Any]

_CONFIG = Path(__file__).parents[2] / "examples/04-gitops/argocd/argocd-cm.yaml"


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


class Argo:
    """Argo CD with the health scripts of the GitOps example.

    As in Argo CD, a script sees the object and nothing else: none of Lua's libraries but the base
    one (util/lua/lua.go of argoproj/argo-cd opens the others only where `useOpenLibs` is set).
    """

    def __init__(self) -> None:
        self._scripts: dict[str, str] = yaml.safe_load(_CONFIG.read_text())["data"]

    def health(self, obj: Object) -> str:
        """Return Healthy, Progressing, Degraded or Suspended."""
        group = obj["apiVersion"].partition("/")[0]
        script = self._scripts[f"resource.customizations.health.{group}_{obj['kind']}"]
        lua = lua51.LuaRuntime(register_eval=False, register_builtins=False)
        for library in ("os", "io", "string", "table", "math", "package", "debug", "python"):
            lua.globals()[library] = None
        lua.globals()["obj"] = lua.table_from(obj, recursive=True)
        answer = lua.execute(script)
        assert isinstance(answer["message"], str)
        return str(answer["status"])

"""FalApps in the cluster, as their users handle them."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.kube.kubectl import Kube, condition, is_true, poll

Object = dict[str, Any]

BUILD_SECONDS = 420
STALLED_SECONDS = 60
MACHINE = "e2e"
"""The machine type that every node has room for, those with GPUs included."""


@dataclass
class Apps:
    """FalApps, as their users handle them."""

    kube: Kube

    def apply(self, namespace: str, name: str, **spec: Any) -> None:
        """kubectl apply."""
        self.kube.apply(
            {
                "apiVersion": "falapp.dev/v1alpha1",
                "kind": "FalApp",
                "metadata": {"name": name},
                "spec": {"machineType": MACHINE, **spec},
            },
            namespace=namespace,
        )

    def get(self, namespace: str, name: str) -> Object:
        """kubectl get."""
        return self.kube.get("falapp", name, namespace) or {}

    def until(
        self, namespace: str, name: str, good: Callable[[Object], object], what: str, seconds: float
    ) -> Object:
        """Wait until the app is as it should be, and return it."""
        return poll(
            lambda: self.get(namespace, name),
            good,
            what=f"{namespace}/{name} {what}",
            seconds=seconds,
            describe=lambda app: json.dumps(app.get("status"), indent=1),
        )

    def ready(
        self,
        namespace: str,
        name: str,
        seconds: float = BUILD_SECONDS,
        stalled: float = STALLED_SECONDS,
    ) -> Object:
        """Wait until the app is Ready for its present spec, and return it.

        What stays Stalled for a while needs a hand, and is not waited for.
        """
        since: list[float] = []

        def good(app: Object) -> bool:
            if not is_true(app, "Stalled"):
                since.clear()
            else:
                since.append(time.monotonic())
                assert since[-1] - since[0] < stalled, json.dumps(app["status"], indent=1)
            return is_true(app, "Ready")

        return self.until(namespace, name, good, "is Ready", seconds)

    def stalled(
        self, namespace: str, name: str, reason: str, seconds: float = BUILD_SECONDS
    ) -> Object:
        """Wait until the app is Stalled for ``reason``, and return it."""
        return self.until(
            namespace,
            name,
            lambda a: is_true(a, "Stalled") and condition(a, "Stalled")["reason"] == reason,
            f"is stalled because of {reason}",
            seconds,
        )

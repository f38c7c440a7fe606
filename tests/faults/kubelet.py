"""The nodes: pods start, builds push an image or fail, runners serve or cannot.

Pods never get a node, so the API server removes them at once when they are deleted.
"""

import asyncio
import json

from falapp_operator.api import meta
from tests.faults.api import Api, Object
from tests.faults.registry import Registry
from tests.unit import workloads

BROKEN = "broken"
"""Requirements that begin so cannot be installed, unless the nodes are told to heal."""
_TOLD = ("phase", "conditions", "initContainerStatuses", "containerStatuses")


class Kubelet:
    """Does with all pods what nodes do with them."""

    def __init__(self, api: Api, registry: Registry) -> None:
        self._api = api
        self._registry = registry
        self.heals = False
        """Whether what is broken can be built all the same."""

    async def run(self) -> None:
        """Look after pods until cancelled."""
        async with asyncio.TaskGroup() as group:
            async for pod in self._api.watch("pods"):
                if pod.get("status", {}).get("phase") == "Pending" and _is_there(pod):
                    group.create_task(self._start(pod))

    async def _start(self, pod: Object) -> None:
        metadata = pod["metadata"]
        if meta.LABEL_ENVIRONMENT in metadata["labels"]:
            status = await self._build(metadata["labels"][meta.LABEL_ENVIRONMENT], metadata)
        else:
            names = [c["name"] for c in pod["spec"].get("initContainers", ())]
            [runner] = pod["spec"]["containers"]
            sick = workloads.SICK in runner["env"]
            status = workloads.pod(
                metadata["name"],
                init=[workloads.terminated(name) for name in names],
                containers=[workloads.raising() if sick else workloads.running("runner")],
            )["status"]
        if status:
            name, namespace = metadata["name"], metadata["namespace"]
            told = {part: status[part] for part in _TOLD if part in status}
            await self._api.patch("pods", name, namespace, {"status": told}, "status")

    async def _build(self, environment: str, metadata: Object) -> Object | None:
        """Run a build's steps, once what its pod mounts is there."""
        name, namespace = metadata["name"], metadata["namespace"]
        while (found := await self._api.get("configmaps", environment, namespace)) is None:
            if await self._api.get("pods", name, namespace) is None:
                return None
            await asyncio.sleep(0.1)
        request = json.loads(found["data"]["request.json"])
        broken = any(t.startswith(BROKEN) for layer in request["layers"] for t in layer)
        if broken and not self.heals:
            report = {"reason": "PackageNotFound", "message": "there is no package broken"}
            end = workloads.terminated("resolve", 1, message=json.dumps(report))
            return _ended(environment, "Failed", end)
        made = {"digest": self._registry.push(request["tag"]), "packages": 1}
        end = workloads.terminated("publish", message=json.dumps(made))
        return _ended(environment, "Succeeded", end)


def _is_there(pod: Object) -> bool:
    return "deletionTimestamp" not in pod["metadata"] and "labels" in pod["metadata"]


def _ended(environment: str, phase: str, *steps: Object) -> Object:
    pod = workloads.build_pod(environment, workloads.terminated("tools"), *steps, phase=phase)
    status: Object = pod["status"]
    return status

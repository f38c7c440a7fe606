"""The kind cluster: what it looks like, whether it is well, and how to make it.

One node takes control plane, builds and CPU apps; two more pass for machines with different
GPUs. A cluster that is not well is replaced, which is quicker than to revive it.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster import docker, fingerprint, node
from tests.cluster.choice import Way
from tests.cluster.errors import ClusterError
from tests.cluster.run import Run, within

NAME = "falapp"
CONTEXT = f"kind-{NAME}"
NETWORK = NAME
"""A Docker network of our own: a `kind-registry` that somebody else has is not in the way."""
CONTROL = f"{NAME}-control-plane"

GPU = "nvidia.com/gpu"
GPUS = {
    f"{NAME}-worker": ("GPU-A100", "NVIDIA-A100-SXM4-40GB"),
    f"{NAME}-worker2": ("GPU-H100", "NVIDIA-H100-80GB-HBM3"),
}
"""The workers, in kind's own order and names: machine type and product."""
GPUS_EACH = "8"
NODES = (CONTROL, *GPUS)
PATIENCE = 45
"""Seconds that nodes may take to be ready; to replace the cluster takes as long."""


def config(way: Way) -> dict[str, Any]:
    """Describe the cluster to kind."""
    kubelet: dict[str, Any] = {"kind": "KubeletConfiguration", "failCgroupV1": False}
    if way is Way.ASSEMBLED:
        kubelet |= {"cgroupDriver": "cgroupfs", "cgroupRoot": "/kubelet"}
    taint = {"key": GPU, "value": "present", "effect": "NoSchedule"}
    workers = [
        {
            "role": "worker",
            "labels": {"falapp.dev/machine": machine, "nvidia.com/gpu.product": product},
            "kubeadmConfigPatches": [_patch("JoinConfiguration", [taint])],
        }
        for machine, product in GPUS.values()
    ]
    control = {
        "role": "control-plane",
        "kubeadmConfigPatches": [_patch("InitConfiguration", [])],
    }
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "name": NAME,
        "kubeadmConfigPatches": [json.dumps(kubelet)],
        "nodes": [control, *workers],
    }


def key(way: Way) -> str:
    """Say what the cluster is made from."""
    return fingerprint.of({"way": way.value, "node": node.key(way), "config": config(way)})


def gpu_patch() -> str:
    """Make the scheduler believe in GPUs on a real kubelet; it lasts."""
    path = f"/status/capacity/{GPU.replace('/', '~1')}"
    return json.dumps([{"op": "add", "path": path, "value": GPUS_EACH}])


def _patch(part: str, taints: list[dict[str, str]]) -> str:
    """Give a node exactly these taints; for the control plane none, so that it takes pods."""
    return json.dumps({"kind": part, "nodeRegistration": {"taints": taints}})


def unwell(nodes: dict[str, Any]) -> list[str]:
    """Say what is wrong with the nodes, in the API's own list of them."""
    ready = {
        each["metadata"]["name"]
        for each in nodes["items"]
        for condition in each["status"].get("conditions", [])
        if condition["type"] == "Ready" and condition["status"] == "True"
    }
    return [f"{name} is not ready" for name in NODES if name not in ready]


def stands(run: Run, stamp: str) -> bool:
    """Tell whether all containers of a cluster with this fingerprint run."""
    containers = [docker.inspect(run, "container", name) for name in NODES]
    return all(
        container and container["State"]["Running"] and docker.label(container) == stamp
        for container in containers
    )


def network(run: Run) -> None:
    """Have our Docker network."""
    if docker.inspect(run, "network", NETWORK) is None:
        label = f"{docker.LABEL}={NETWORK}"
        run.call(["docker", "network", "create", "--label", label, NETWORK], log="kind")


def remove(run: Run) -> None:
    """Remove the cluster's containers, with their volumes, if they are ours."""
    label = f"io.x-k8s.kind.cluster={NAME}"
    ours = docker.containers(run, label, docker.LABEL)
    foreign = set(docker.containers(run, label)) - set(ours)
    if foreign:
        raise ClusterError(
            f"a kind cluster named {NAME} exists that this tool did not make "
            f"({', '.join(sorted(foreign))}); remove it with `kind delete cluster --name {NAME}`"
        )
    if ours:
        with run.progress.step("kind", "removing the cluster that was there"):
            run.call(["docker", "rm", "--force", "--volumes", *ours], log="kind", timeout=300)
    run.cache.kubeconfig.unlink(missing_ok=True)


def environment() -> dict[str, str]:
    """Say what kind is to know beyond our own environment."""
    found = {"KIND_EXPERIMENTAL_DOCKER_NETWORK": NETWORK}
    if any(os.environ.get(name) for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY")):
        given = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
        found["NO_PROXY"] = f"{given},kind-registry".lstrip(",")
    return found


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The programs and the node image that the cluster is made with."""

    program: Path
    kubectl: Path
    image: str
    stamp: str
    """The cluster's fingerprint, which is on its node image and so on its containers."""

    def ensure(self, run: Run, way: Way) -> None:
        """Have the cluster run and be well, replacing one that is not."""
        if not (stands(run, self.stamp) and self._well(run)):
            remove(run)
            self._create(run, way)
        for name in GPUS:
            argv = [*self._ask(run), "patch", "node", name, "--subresource=status"]
            run.call([*argv, "--type=json", "--patch", gpu_patch()], log="kind")

    def _create(self, run: Run, way: Way) -> None:
        with (
            run.progress.step("kind", "starting three nodes (about 1 min)"),
            run.cache.scratch("kind") as folder,
        ):
            file = folder / "kind.yaml"
            file.write_text(json.dumps(config(way)))  # JSON is YAML
            argv = [str(self.program), "create", "cluster", "--name", NAME, "--image", self.image]
            argv += ["--config", str(file), "--kubeconfig", str(run.cache.kubeconfig)]
            argv += ["--wait", "120s", "--retain"]
            run.call(argv, log="kind", env=environment(), timeout=600)
            wait = ["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s"]
            run.call([*self._ask(run), *wait], log="kind")
            rollout = ["rollout", "status", "--namespace=kube-system", "deployment/coredns"]
            run.call([*self._ask(run), *rollout, "--timeout=120s"], log="kind")

    def _well(self, run: Run) -> bool:
        """Tell whether the nodes are ready; a busy machine is given time to say so."""
        target = ["--name", NAME, "--kubeconfig", str(run.cache.kubeconfig)]
        if run.ask([str(self.program), "export", "kubeconfig", *target]) is None:
            return False
        problems: list[str] = []

        def ready() -> bool:
            argv = [*self._ask(run), "get", "nodes", "--output=json", "--request-timeout=10s"]
            answer = run.ask(argv, timeout=15)
            problems[:] = unwell(json.loads(answer)) if answer else ["no API server answers"]
            return not problems

        well = within(PATIENCE, ready, pause=2)
        if not well:
            run.progress.say(f"kind: {'; '.join(problems)}")
        return well

    def _ask(self, run: Run) -> list[str]:
        return [str(self.kubectl), f"--kubeconfig={run.cache.kubeconfig}", f"--context={CONTEXT}"]

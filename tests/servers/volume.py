"""A volume of a node, since the test cluster has nothing that provisions any."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.kube import install
from tests.kube.kubectl import Kube

_ROOT = "/var/lib"
_PRIVILEGED = {"pod-security.kubernetes.io/enforce": "privileged"}


@dataclass(frozen=True)
class Volume:
    """A folder of a node; a pod that may do so looks after it."""

    kube: Kube
    name: str

    def files(self) -> set[str]:
        """Return the names of the files in it."""
        return set(self.run("ls", "-A", f"/node/{self.name}").split())

    def run(self, *command: str) -> str:
        """Run something on the node's files, which are at /node."""
        return self.kube.run("exec", "-n", self.name, "volume", "--", *command)


@contextmanager
def claimed(kube: Kube, image: str, namespace: str, claim: str = "") -> Iterator[Volume]:
    """Make a volume and a claim on it in ``namespace``, which has the volume's name or another."""
    volume = Volume(kube, f"e2e-volume-{secrets.token_hex(3)}")
    name = volume.name
    metadata = {"name": name, "labels": install.MADE | _PRIVILEGED}
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    try:
        kube.apply(_pod(image), namespace=name)
        kube.run("wait", "pod/volume", "-n", name, "--for=condition=Ready", "--timeout=60s")
        volume.run("mkdir", f"/node/{name}")
        pod = kube.get("pod", "volume", name) or {}
        claim = claim or name
        kube.apply(_volume(name, f"{namespace}/{claim}", pod["spec"]["nodeName"]))
        kube.apply(_claim(claim, name), namespace=namespace)
        try:
            yield volume
        finally:
            kube.delete("pvc", claim, namespace, wait=False)
            kube.delete("pv", name, wait=False)
            volume.run("rm", "-r", f"/node/{name}")
    finally:
        kube.delete("namespace", name, wait=False)


def _pod(image: str) -> dict[str, Any]:
    """Return the pod; it runs where builds may run, too."""
    mount = {"name": "node", "mountPath": "/node"}
    container = {"name": "volume", "image": image, "command": ["sleep", "7200"]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "volume"},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "containers": [{**container, "volumeMounts": [mount]}],
            "volumes": [{"name": "node", "hostPath": {"path": _ROOT}}],
        },
    }


def _volume(name: str, claim: str, node: str) -> dict[str, Any]:
    namespace, _, claimed_by = claim.partition("/")
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "labels": install.MADE},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "",
            "claimRef": {"name": claimed_by, "namespace": namespace},
            # Not hostPath: the kubelet gives this kind to the pod's fsGroup.
            "local": {"path": f"{_ROOT}/{name}"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }


def _claim(name: str, volume: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "labels": install.MADE},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "",
            "volumeName": volume,
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }

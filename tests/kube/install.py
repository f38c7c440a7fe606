"""Installs the operator as a user would: with Helm, from the chart."""

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.cluster import Cluster, existing
from tests.kube.kubectl import Kube, KubectlError, poll

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "falapp"
CRDS = ROOT / "crds"
RELEASE = existing.RELEASE
NAMESPACE = existing.NAMESPACE
OPERATOR = "falapp-operator"
"""The operator's Deployment and its Lease."""
BUILDS = "falapp-builds"
PREFIX = "e2e-"
"""What the names of tests' namespaces begin with."""
MADE = dict([existing.LABEL])
"""The label of what goes when a cluster of the user's own is cleaned."""
SELECTOR = "=".join(existing.LABEL)


def make_namespace(kube: Kube, name: str) -> None:
    """Have a namespace that enforces Pod Security "restricted"; one that exists stays as it is."""
    if kube.get("namespace", name):
        return
    labels = {f"pod-security.kubernetes.io/{m}": "restricted" for m in ("enforce", "warn")}
    metadata = {"name": name, "labels": labels | MADE}
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


def clear(kube: Kube) -> None:
    """Delete what a run left that was cut off: its runners keep others from having a node."""
    for namespace in kube.list("namespaces", labels=SELECTOR):
        name = namespace["metadata"]["name"]
        if name.startswith(PREFIX):
            kube.delete("namespace", name, wait=False)
            # At once: what was cut off may have an hour of grace, and holds its node's CPU.
            kube.run("delete", "pods", "--all", "-n", name, "--force", "--grace-period=0")


def values(cluster: Cluster, certificates: str) -> dict[str, Any]:
    """Return the chart's values for a cluster of ours."""
    images = cluster.images
    return {
        "registry": {
            "repository": f"{cluster.registry}/environments",
            "insecure": cluster.insecure,
        },
        "images": {
            "operator": images.operator,
            "builder": images.builder,
            "kaniko": images.kaniko,
            "pythons": {
                python: {"base": base, "runtime": images.runtime[python]}
                for python, base in images.base.items()
            },
        },
        "customCA": {"configMap": bundle_name(certificates) if certificates else ""},
        # Three nodes share two cores here: a standby is made where it is what a test is about.
        "operator": {"replicas": 1},
        "builds": {
            "namespace": BUILDS,
            # Three nodes share two cores here: what is asked for must leave room for the apps.
            "resources": {
                "requests": {"cpu": "50m", "memory": "256Mi"},
                "limits": {"memory": "8Gi"},
            },
        },
    }


def bundle_name(certificates: str) -> str:
    """Return the name of the ConfigMap that holds ``certificates``; others have another name."""
    return f"falapp-ca-{hashlib.sha256(certificates.encode()).hexdigest()[:8]}"


def install(cluster: Cluster, authority: str = "", more: Mapping[str, Any] | None = None) -> None:
    """Install or upgrade the operator, and wait until it runs.

    Args:
        cluster: Where to.
        authority: Certificates (PEM) to trust beside those of the host's own trust store.
        more: Values of the chart beside those that fit the cluster.

    Raises:
        KubectlError: Helm or kubectl ended with an error; the message is what it said.
    """
    kube = Kube.of(cluster)
    make_namespace(kube, NAMESPACE)
    before = _by_helm(kube)
    certificates = (cluster.ca_bundle.read_text() if cluster.ca_bundle else "") + authority
    if certificates:
        _bring(kube, certificates)
    with (
        tempfile.NamedTemporaryFile("w", suffix=".json") as file,
        tempfile.NamedTemporaryFile("w", suffix=".json") as second,
    ):
        json.dump(values(cluster, certificates), file)
        json.dump(more or {}, second)
        file.flush()
        second.flush()
        done = subprocess.run(
            [
                str(cluster.helm),
                f"--kubeconfig={cluster.kubeconfig}",
                f"--kube-context={cluster.context}",
                *("upgrade", "--install", RELEASE, str(CHART)),
                *(f"--namespace={NAMESPACE}", f"--values={file.name}"),
                f"--values={second.name}",
                *("--wait", "--timeout=5m"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    if made := _by_helm(kube) - before:
        kube.run("label", *made, SELECTOR)
    if done.returncode:
        pods = kube.run("get", "pods,events", "-n", NAMESPACE)
        raise KubectlError(f"helm upgrade --install: {done.stderr.strip()}\n{pods}")
    await_leader(kube)
    others = f"--field-selector=metadata.name!={bundle_name(certificates)}"
    kube.run("delete", "configmap", "-n", NAMESPACE, "-l", SELECTOR, others)


def await_leader(kube: Kube, seconds: float = 60) -> str:
    """Wait until the operator of the newest values works and the former ones are gone.

    A new one is ready when it stands by, so Helm's wait ends earlier.

    Returns:
        The name of its pod.
    """
    patience = f"--timeout={seconds:.0f}s"
    kube.run("rollout", "status", "-n", NAMESPACE, f"deployment/{OPERATOR}", patience)

    def look() -> tuple[str, list[str], list[str]]:
        pods = kube.list("pods", NAMESPACE, f"app.kubernetes.io/instance={RELEASE}")
        going = [p["metadata"]["name"] for p in pods if "deletionTimestamp" in p["metadata"]]
        return leader(kube), [p["metadata"]["name"] for p in pods], going

    found = poll(
        look,
        lambda seen: seen[0] in seen[1] and not seen[2],
        what="the Lease is a new operator's and no old one is left (leader, pods, those that go)",
        seconds=seconds,
    )
    return found[0]


def leader(kube: Kube) -> str:
    """Return the pod of the operator that holds the Lease; empty if none does."""
    lease = kube.get("lease", OPERATOR, NAMESPACE) or {}
    holder: str = lease.get("spec", {}).get("holderIdentity", "")
    return holder.rpartition("_")[0]


def _by_helm(kube: Kube) -> set[str]:
    """Return which of the things exist that stay at `helm uninstall`."""
    kinds = (f"customresourcedefinition/{path.stem}.falapp.dev" for path in CRDS.glob("*.yaml"))
    names = (f"namespace/{BUILDS}", *kinds)
    return set(kube.run("get", *names, "--ignore-not-found", "-o", "name").split())


def _bring(kube: Kube, certificates: str) -> None:
    """Put certificates where customCA.configMap names them."""
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": bundle_name(certificates), "labels": MADE},
        "data": {"ca.crt": certificates},
    }
    # Server-side: a bundle is larger than what client-side apply may keep in an annotation.
    apply = ("apply", "--server-side", "--force-conflicts", "-n", NAMESPACE, "-f", "-")
    kube.run(*apply, stdin=json.dumps(config_map))

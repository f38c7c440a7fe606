"""Installs the operator as a user would: with Helm, from the chart."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.cluster import Cluster
from tests.kube.kubectl import Kube, KubectlError

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "falapp"
RELEASE = "falapp"
NAMESPACE = "falapp-system"
BUILDS = "falapp-builds"
CA = "falapp-ca"


def restricted(name: str) -> dict[str, Any]:
    """Return a namespace that enforces Pod Security "restricted"."""
    labels = {f"pod-security.kubernetes.io/{m}": "restricted" for m in ("enforce", "warn")}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": labels},
    }


def values(cluster: Cluster) -> dict[str, Any]:
    """Return the chart's values for a cluster of ours."""
    images = cluster.images
    return {
        "registry": {"repository": f"{cluster.registry}/environments", "insecure": True},
        "images": {
            "operator": images.operator,
            "builder": images.builder,
            "kaniko": images.kaniko,
            "pythons": {
                python: {"base": base, "runtime": images.runtime[python]}
                for python, base in images.base.items()
            },
        },
        "customCA": {"configMap": CA if cluster.ca_bundle else ""},
        "builds": {
            "namespace": BUILDS,
            # Three nodes share two cores here: what is asked for must leave room for the apps.
            "resources": {
                "requests": {"cpu": "50m", "memory": "256Mi"},
                "limits": {"memory": "8Gi"},
            },
        },
    }


def install(cluster: Cluster) -> None:
    """Install or upgrade the operator, and wait until it runs.

    Raises:
        KubectlError: Helm or kubectl ended with an error; the message is what it said.
    """
    kube = Kube.of(cluster)
    kube.apply(restricted(NAMESPACE))
    if cluster.ca_bundle:
        _bring_certificates(kube, cluster.ca_bundle)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(values(cluster), file)
        file.flush()
        done = subprocess.run(
            [
                str(cluster.helm),
                f"--kubeconfig={cluster.kubeconfig}",
                f"--kube-context={cluster.context}",
                *("upgrade", "--install", RELEASE, str(CHART)),
                *(f"--namespace={NAMESPACE}", f"--values={file.name}"),
                *("--wait", "--timeout=5m"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        pods = kube.run("get", "pods,events", "-n", NAMESPACE)
        raise KubectlError(f"helm upgrade --install: {done.stderr.strip()}\n{pods}")


def _bring_certificates(kube: Kube, bundle: Path) -> None:
    """Put the host's trust bundle where customCA.configMap names it."""
    made = kube.run(
        *("create", "configmap", CA, "-n", NAMESPACE, f"--from-file=ca.crt={bundle}"),
        *("--dry-run=client", "-o", "json"),
    )
    # Server-side: a bundle is larger than what client-side apply may keep in an annotation.
    kube.run("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=made)

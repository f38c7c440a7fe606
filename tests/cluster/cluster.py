"""A cluster as its users see it, and the file that hands it from one process to the next."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster import cache
from tests.cluster.errors import ClusterError


@dataclass(frozen=True, kw_only=True)
class Images:
    """Images in the cluster's registry, pinned by digest, as pods name them."""

    operator: str
    builder: str
    runtime: Mapping[str, str]
    """The runtime image of each Python minor version."""
    base: Mapping[str, str]
    """The base of users' environments, of each Python minor version."""
    kaniko: str
    servers: str = ""
    """What the tests' own servers run on; empty if `up` was not asked for it."""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """All that the demo and the tests need to know."""

    kubeconfig: Path
    """Our own file, never ~/.kube/config."""
    context: str
    kubectl: Path
    """A kubectl that fits the cluster."""
    helm: Path
    registry: str
    """The registry as nodes and pods name it."""
    insecure: bool
    """Whether the registry speaks plain HTTP."""
    images: Images
    ca_bundle: Path | None
    """The host's trust bundle, if it holds certificates beyond the distribution's own."""
    way: str
    """Where the cluster came from: existing, pulled or assembled."""


def dump(cluster: Cluster) -> str:
    """Write a cluster as JSON."""
    return json.dumps(dataclasses.asdict(cluster), indent=2, default=str) + "\n"


def parse(text: str) -> Cluster:
    """Read a cluster from JSON."""
    data: dict[str, Any] = json.loads(text)
    for name in ("kubeconfig", "kubectl", "helm"):
        data[name] = Path(data[name])
    data["ca_bundle"] = Path(data["ca_bundle"]) if data["ca_bundle"] else None
    data["images"] = Images(**data["images"])
    return Cluster(**data)


def save(cluster: Cluster, path: Path) -> None:
    """Write the state file, whole or not at all."""
    half = path.with_suffix(".half")
    half.write_text(dump(cluster))
    half.rename(path)


def load(path: Path | None = None) -> Cluster:
    """Read the cluster that the last `up` made."""
    path = path or cache.default().state
    try:
        return parse(path.read_text())
    except FileNotFoundError:
        raise ClusterError(
            f"{path}: there is no cluster yet; make one with `python -m tests.cluster up`"
        ) from None
    except (KeyError, TypeError, ValueError) as error:
        raise ClusterError(
            f"{path} was written by another version of this tool ({error}); "
            "run `python -m tests.cluster up` again"
        ) from error

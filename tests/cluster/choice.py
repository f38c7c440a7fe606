"""Chooses the cluster: an existing one by name only, else kind, pulled or assembled."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from tests.cluster.errors import ClusterError

CONTEXT = "FALAPP_KUBE_CONTEXT"
REGISTRY = "FALAPP_REGISTRY"


class Way(enum.Enum):
    """Where the cluster comes from."""

    EXISTING = "existing"
    """The user's own cluster, because the environment names it."""
    PULLED = "pulled"
    """kind, with the node image that it was published with."""
    ASSEMBLED = "assembled"
    """kind, with a node image made of Debian packages and Go modules."""


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A cluster of the user's own, and the registry that Docker and it share."""

    context: str
    registry: str
    insecure: bool
    """Whether the registry speaks plain HTTP."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What this machine can do, as far as the choice depends on it."""

    pulls: bool
    root: bool
    debian: bool
    go: bool


def existing(environment: Mapping[str, str]) -> Existing | None:
    """Read which existing cluster to use, if any; no other is ever touched."""
    context, registry = environment.get(CONTEXT, ""), environment.get(REGISTRY, "")
    if not context:
        return None
    if not registry:
        raise ClusterError(
            f"{CONTEXT}={context} names a cluster, but {REGISTRY} is not set; set it to the image "
            "prefix where docker pushes and that cluster pulls, as in registry.example/falapp"
        )
    scheme, _, name = registry.rpartition("://")
    return Existing(context=context, registry=name.rstrip("/"), insecure=scheme == "http")


def kind(machine: Machine) -> Way:
    """Choose between the pulled and the assembled node image."""
    if machine.pulls:
        return Way.PULLED
    missing = [
        what
        for there, what in (
            (machine.root, "root"),
            (machine.debian, "Debian's apt-get"),
            (machine.go, "Go"),
        )
        if not there
    ]
    if missing:
        raise ClusterError(
            "no image registry answers, and assembling the node image here lacks "
            f"{' and '.join(missing)}; make docker pull work, or set {CONTEXT} and {REGISTRY} "
            "to use a cluster of your own"
        )
    return Way.ASSEMBLED

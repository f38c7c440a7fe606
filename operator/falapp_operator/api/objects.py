"""Kubernetes objects as the API server gives them: plain dictionaries, and what they share."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from falapp_operator.api import meta

Object: TypeAlias = dict[str, Any]
"""A Kubernetes object, as its JSON."""


@dataclass(frozen=True, kw_only=True)
class Ref:
    """Where an object is."""

    api_version: str
    """As ``apps/v1``."""
    kind: str
    """As ``Deployment``."""
    name: str
    """metadata.name."""
    namespace: str = ""
    """metadata.namespace; empty for kinds without."""


def ref(obj: Object) -> Ref:
    """Return where ``obj`` is."""
    return Ref(
        api_version=obj["apiVersion"],
        kind=obj["kind"],
        name=obj["metadata"]["name"],
        namespace=obj["metadata"].get("namespace", ""),
    )


def fingerprint(value: object, length: int = 16) -> str:
    """Return the first ``length`` hexadecimal digits of the SHA-256 of ``value`` as JSON."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:length]


def annotation(obj: Object, name: str) -> str:
    """Return the value of an annotation of an object, or of a pod template; empty without."""
    return str(obj.get("metadata", {}).get("annotations", {}).get(name, ""))


def owner_reference(owner: Object, *, controller: bool) -> Object:
    """Return a reference that makes the garbage collector remove its holder with ``owner``."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": controller,
        "blockOwnerDeletion": False,
    }


def owner_uids(obj: Object) -> frozenset[str]:
    """Return the uids of all owners of ``obj``."""
    return frozenset(r["uid"] for r in obj["metadata"].get("ownerReferences", ()))


def stamped(desired: Object) -> Object:
    """Return ``desired`` with the annotation that tells what was applied."""
    metadata = desired["metadata"]
    annotations = metadata.get("annotations", {}) | {meta.ANNOTATION_APPLIED: fingerprint(desired)}
    return desired | {"metadata": metadata | {"annotations": annotations}}

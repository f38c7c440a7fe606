"""What is in the cluster, in a form in which two runs can be compared."""

import asyncio
import re
from typing import Any

from falapp_operator.api import meta
from tests.faults.api import Api, Object

State = dict[str, Object]

KINDS = (
    "falapps",
    "environments",
    "deployments",
    "services",
    "configmaps",
    "secrets",
    "jobs",
    "pods",
    "poddisruptionbudgets",
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_VOLATILE = frozenset(
    {
        "uid",
        "resourceVersion",
        "generation",
        "generateName",
        "observedGeneration",
        "managedFields",
        "creationTimestamp",
        "clusterIP",
        "clusterIPs",
        "pod-template-hash",
        "controller-uid",
        "batch.kubernetes.io/controller-uid",
        "deployment.kubernetes.io/revision",
        "buildSeconds",
        # A hash of what was applied, in which the owner's uid is.
        meta.ANNOTATION_APPLIED,
    }
)
"""What differs between two runs that came to the same end."""


async def read(api: Api, *namespaces: str) -> State:
    """Return all objects that a FalApp can bring about, by "plural namespace/name"."""
    places = [(kind, namespace) for kind in KINDS for namespace in namespaces]
    found = await asyncio.gather(*(api.list(*place) for place in places))
    return {
        f"{kind} {namespace}/{obj['metadata']['name']}": obj
        for (kind, namespace), objects in zip(places, found, strict=True)
        for obj in objects
    }


def normal(state: State) -> State:
    """Return a state without what differs from run to run; pods are called by their owners."""
    made: State = {}
    for key, obj in state.items():
        kind, _, where = key.partition(" ")
        if kind == "pods":
            key = f"pods of {_owner(obj)} in {where.partition('/')[0]}"
            made[key] = {"phases": [*made.get(key, {}).get("phases", ()), obj["status"]["phase"]]}
        elif kind == "deployments":
            # Its conditions name ReplicaSets, and which came first.
            counts = {k: v for k, v in obj["status"].items() if k.endswith("eplicas")}
            made[key] = _settled(obj | {"status": counts})
        else:
            made[key] = _settled(obj)
    return made


def is_at_rest(state: State) -> bool:
    """Return whether nothing of Kubernetes' own is under way: no Job runs, no object goes."""
    return not any(
        "deletionTimestamp" in obj["metadata"] or (key.startswith("jobs ") and not _is_over(obj))
        for key, obj in state.items()
    )


def condition(obj: Object, type_: str) -> Object:
    """Return a condition that was made for the object as it is now; empty where there is none."""
    for found in obj.get("status", {}).get("conditions", ()):
        fresh = found.get("observedGeneration", 0) == obj["metadata"]["generation"]
        if found["type"] == type_ and fresh:
            return dict(found)
    return {}


def difference(one: State, other: State) -> list[str]:
    """Say in which fields two states differ."""
    return list(_differences("", one, other))


def _is_over(job: Object) -> bool:
    conditions = job.get("status", {}).get("conditions", ())
    return any(c["type"] in ("Complete", "Failed") and c["status"] == "True" for c in conditions)


def _owner(obj: Object) -> str:
    [owner] = obj["metadata"]["ownerReferences"]
    template = obj["metadata"]["labels"].get("pod-template-hash", "")
    return f"{owner['kind']} {owner['name'].removesuffix(template)}"


def _settled(value: Any) -> Any:
    if isinstance(value, dict):
        made = {k: _settled(v) for k, v in value.items() if k not in _VOLATILE}
        if owners := made.get("ownerReferences"):
            # Who came first says nothing.
            made["ownerReferences"] = sorted(owners, key=lambda o: (o["kind"], o["name"]))
        return made
    if isinstance(value, list):
        return [_settled(v) for v in value]
    return _TIME.sub("<time>", value) if isinstance(value, str) else value


def _differences(where: str, one: Any, other: Any) -> list[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted({*one, *other})
        return [
            line
            for key in keys
            for line in _differences(f"{where}.{key}", one.get(key), other.get(key))
        ]
    return [] if one == other else [f"{where}: {one!r:.300} is not {other!r:.300}"]

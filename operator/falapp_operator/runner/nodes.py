"""Which nodes are of a kind, by Kubernetes' own rules for labels and taints."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from falapp_operator.api import environment
from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.api.objects import Object

_CORDONED = "node.kubernetes.io/unschedulable"
_KEEPS_AWAY = ("NoSchedule", "NoExecute")


@dataclass(frozen=True, kw_only=True)
class Node:
    """What of a node decides who may run on it."""

    name: str
    labels: Mapping[str, str]
    taints: tuple[Object, ...]
    """Those that keep pods away; one that is cordoned has such a taint."""
    allocatable: Mapping[str, str]
    """What all its pods together may have, by resource."""


def read(obj: Object) -> Node:
    """Return what counts of a Node of the API server's."""
    spec = obj.get("spec", {})
    taints = [t for t in spec.get("taints") or () if t.get("effect") in _KEEPS_AWAY]
    if spec.get("unschedulable") and not any(t["key"] == _CORDONED for t in taints):
        taints.append({"key": _CORDONED, "effect": "NoSchedule"})
    return Node(
        name=obj["metadata"]["name"],
        labels=dict(obj["metadata"].get("labels") or {}),
        taints=tuple(taints),
        allocatable=dict(obj.get("status", {}).get("allocatable") or {}),
    )


def count(machine: MachineTypeSpec, nodes: Iterable[Node]) -> int:
    """Return how many nodes are of a kind and open to its runners; they may be full."""
    terms = [t.to_object() for t in machine.node_selector_terms or ()]
    tolerations = [t.to_object() for t in machine.tolerations or ()]
    platform = environment.node_labels(environment.PLATFORM)
    return sum(is_of(node, terms) and not closed(node, platform, tolerations) for node in nodes)


def is_of(node: Node, terms: Sequence[Object]) -> bool:
    """Return whether one of the terms holds; where there are none, every node will do."""
    return not terms or any(satisfies(node.labels, term) for term in terms)


def satisfies(labels: Mapping[str, str], term: Object) -> bool:
    """Return whether labels meet all demands of a NodeSelectorTerm; one without any, nobody."""
    demands = term.get("matchExpressions") or ()
    return bool(demands) and all(_meets(labels, demand) for demand in demands)


def _meets(labels: Mapping[str, str], demand: Object) -> bool:
    found, values = labels.get(demand["key"]), demand.get("values") or []
    match demand["operator"]:
        case "In":
            return found is not None and found in values
        case "NotIn":
            return found is None or found not in values
        case "Exists":
            return found is not None
        case "DoesNotExist":
            return found is None
    try:
        have, bound = int(found or ""), int("".join(values))
    except ValueError:
        return False  # Kubernetes compares whole numbers, and nothing else
    return have > bound if demand["operator"] == "Gt" else have < bound


def closed(
    node: Node, selector: Mapping[str, str], tolerations: Sequence[Object]
) -> tuple[str, ...]:
    """Return what keeps a pod with this nodeSelector and these tolerations from the node."""
    other = [
        f"{key}={node.labels[key]}" if key in node.labels else f"no label {key}"
        for key, value in selector.items()
        if node.labels.get(key) != value
    ]
    untolerated = [t for t in node.taints if not any(_tolerates(by, t) for by in tolerations)]
    return (*other, *(_taint(t) for t in untolerated))


def _tolerates(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    key = toleration.get("key")
    if key and key != taint["key"]:
        return False
    if toleration.get("operator") == "Exists":
        return True
    return bool(key) and toleration.get("value", "") == taint.get("value", "")


def _taint(taint: Object) -> str:
    if taint["key"] == _CORDONED:
        return "cordoned"
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"taint {taint['key']}{value}:{taint['effect']}"

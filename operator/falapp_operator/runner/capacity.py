"""Why no node takes a runner: what its pod looks for, beside what the nodes are.

The scheduler's own words count nodes by what is in the way, and change with each of its tries; they
name no label. So what they say is used only where everything else would fit, and without numbers.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from falapp_operator.api import quantity
from falapp_operator.api.objects import Object
from falapp_operator.runner import life, nodes, pod
from falapp_operator.runner.nodes import Node

_SHOWN = 12
"""How many terms, and how many labels, are listed."""
_GIB = 2**30
_IN_THE_WAY = re.compile(r"\d+ (.+)")
_KNOWN = ("node(s) didn't match", "node(s) had untolerated taint", "node(s) were unschedulable")
"""What the scheduler says of nodes that are of another kind, or closed."""
_FULL = ("Insufficient ", "Too many pods")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an app looks for room."""

    machines: tuple[str, ...]
    """The machine types that will do, as its user wrote them."""
    nodes: tuple[Node, ...]
    """All nodes of the cluster."""


def why(waiting: Object, place: Place) -> str:
    """Return why no node takes the pod ``waiting``; the same text as long as nothing changes."""
    spec = waiting["spec"]
    kind = " or ".join(place.machines)
    terms = _terms(spec)
    alike = [n for n in place.nodes if nodes.is_of(n, terms)]
    if not alike:
        return _no_node(kind, terms, place.nodes)
    are = f"{len(alike)} node{'s are' if len(alike) > 1 else ' is'} a {kind}"
    shut = [
        nodes.closed(n, spec.get("nodeSelector") or {}, spec.get("tolerations") or ())
        for n in alike
    ]
    open_ = [n for n, reasons in zip(alike, shut, strict=True) if not reasons]
    if not open_:
        reasons = ", ".join(sorted({reason for reasons in shut for reason in reasons}))
        return f"{are}, and closed to its runners: {reasons}; a runner starts when one is open"
    needs = _needs(spec)
    if not any(_is_large(n, needs) for n in open_):
        return (
            f"{are}, and none is large enough: a runner needs {_lacking(needs, open_)}; choose a"
            " smaller machineType, or add a larger node"
        )
    return f"{are}, {_occupied(waiting)}; a runner starts by itself when one has room" + (
        "" if len(place.machines) > 1 else ", or name more kinds in machineTypeFallbacks"
    )


def _terms(spec: Object) -> list[Object]:
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    return list(required.get("nodeSelectorTerms") or ())


def _no_node(kind: str, terms: Sequence[Object], there: Sequence[Node]) -> str:
    if not there:
        return f"the cluster has no node yet, and a {kind} is looked for"
    sought = _listed([_term(t) for t in terms], " or ")
    carried = list(_carried(terms, there))
    found = (
        f"the nodes carry {_listed(carried, ', ')}" if carried else "no node carries such a label"
    )
    return (
        f"no node of the cluster is a {kind}: looked for {sought}; {found}; add such a node or"
        " label one, or choose another machineType"
    )


def _term(term: Object) -> str:
    """Return a term as kubectl's ``--selector`` takes it, as far as it can."""
    return ",".join(_demand(d) for d in term.get("matchExpressions") or ())


def _demand(demand: Object) -> str:
    key, values = demand["key"], demand.get("values") or ()
    match demand["operator"]:
        case "Exists":
            return str(key)
        case "DoesNotExist":
            return f"!{key}"
        case "Gt" | "Lt":
            return f"{key} {'>' if demand['operator'] == 'Gt' else '<'} {''.join(values)}"
    word = "in" if demand["operator"] == "In" else "notin"
    return f"{key} {word} ({', '.join(values)})"


def _carried(terms: Sequence[Object], there: Sequence[Node]) -> Iterator[str]:
    """Yield what the nodes have of the labels that are looked for, and how many have it."""
    keys = [d["key"] for term in terms for d in term.get("matchExpressions") or ()]
    for key in dict.fromkeys(keys):
        values = Counter(n.labels[key] for n in there if key in n.labels)
        yield from (f"{key}={value} ({count})" for value, count in sorted(values.items()))


def _listed(items: Sequence[str], between: str) -> str:
    more = len(items) - _SHOWN
    return between.join(items[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _needs(spec: Object) -> dict[str, str]:
    """Return what the runner asks for; what comes before it asks for no more."""
    asked = (c.get("resources") for c in spec["containers"] if c["name"] == pod.CONTAINER)
    resources = next(asked, None) or {}
    return dict(resources.get("limits") or {}) | dict(resources.get("requests") or {})


def _amount(amounts: Mapping[str, str], resource: str) -> Decimal:
    return quantity.value(amounts.get(resource, "0")) or Decimal(0)


def _is_large(node: Node, needs: Mapping[str, str]) -> bool:
    return all(_amount(node.allocatable, r) >= _amount(needs, r) for r in needs)


def _lacking(needs: Mapping[str, str], there: Iterable[Node]) -> str:
    most = {r: max(_amount(n.allocatable, r) for n in there) for r in needs}
    lacking = [
        f"{r} {needs[r]}, of which the largest has {_said(r, most[r])}"
        for r in needs
        if most[r] < _amount(needs, r)
    ]
    together = " and ".join(f"{r} {amount}" for r, amount in needs.items())
    return ", and ".join(lacking) or f"{together} together"


def _said(resource: str, amount: Decimal) -> str:
    return f"{amount / _GIB:.1f}Gi" if resource == "memory" else f"{amount.normalize():f}"


def _occupied(waiting: Object) -> str:
    """Return what the scheduler says of nodes that are of the kind, open, and large enough."""
    text = life.condition(waiting, "PodScheduled").get("message", "")
    _, _, listed = text.partition("nodes are available: ")
    first = listed.partition(". ")[0].rstrip(".")
    items = [_IN_THE_WAY.fullmatch(i) for i in first.split(", ")]
    reasons = sorted({i[1] for i in items if i and not i[1].startswith(_KNOWN)})
    if first and not any(items):
        # Of the pod, before any node is looked at: as that its claim is not bound.
        return f"and none takes a runner: {first}"
    if not reasons:
        return "and none has room"
    full = all(reason.startswith(_FULL) for reason in reasons)
    return f"{'and full' if full else 'and none takes a runner'}: {', '.join(reasons)}"

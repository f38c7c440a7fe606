"""What applying would do to the objects that a cluster has already."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from falapp_cli.errors import ClusterError
from falapp_cli.foresee.world import World
from falapp_operator.api import meta
from falapp_operator.api.objects import Object, ref, stamped
from falapp_operator.reconcile import drift


@dataclass(frozen=True, kw_only=True)
class Change:
    """What would be done to one object."""

    action: str
    """create, change or keep."""
    fields: tuple[str, ...] = ()
    """Of what is changed: the fields, without their values, which may be anything."""


CREATE, KEEP = Change(action="create"), Change(action="keep")
REMOVED = "(a field that is not asked for any more)"


def changes(world: World, objects: list[Object], claims: list[Object]) -> Iterator[Change]:
    """Yield for each object what would be done to it.

    Args:
        world: The cluster.
        objects: What is asked for.
        claims: The Environments that an app becomes an owner of.
    """
    claimed = {ref(claim) for claim in claims}
    for obj in objects:
        live = _live(world, obj)
        if live is None:
            yield CREATE
        elif obj["kind"] == "Environment":
            owners = Change(action="change", fields=("metadata.ownerReferences",))
            yield owners if ref(obj) in claimed else KEEP
        else:
            yield _change(live, stamped(obj))


def _change(live: Object, desired: Object) -> Change:
    if drift.unchanged(live, desired):
        return KEEP
    stamp = f"metadata.annotations.{meta.ANNOTATION_APPLIED}"
    fields = tuple(f for f in differing(live, desired) if f != stamp)
    return Change(action="change", fields=fields or (REMOVED,))


def differing(live: Any, desired: Any, where: str = "") -> Iterator[str]:
    """Yield the fields of ``desired`` that ``live`` does not hold, as spec.containers[0].image."""
    if drift.contains(live, desired):
        return
    if isinstance(live, dict) and isinstance(desired, dict):
        for key, value in desired.items():
            held = {key: live[key]} if key in live else {}
            if not drift.contains(held, {key: value}):
                yield from differing(live.get(key), value, f"{where}.{key}".lstrip("."))
    elif isinstance(live, list) and isinstance(desired, list) and len(live) == len(desired):
        for number, (left, right) in enumerate(zip(live, desired, strict=True)):
            yield from differing(left, right, f"{where}[{number}]")
    else:
        yield where


def _live(world: World, obj: Object) -> Object | None:
    """Return what the cluster has of an object; of a build, which many may not read, perhaps."""
    try:
        return world.live(ref(obj))
    except ClusterError:
        if meta.LABEL_ENVIRONMENT in obj["metadata"].get("labels", {}):
            return None
        raise

"""What every pass works with, and what tests replace."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from falapp_operator.api import conditions, meta
from falapp_operator.api.environment import EnvironmentBuildStatus
from falapp_operator.api.falapp import FalAppStatus
from falapp_operator.api.objects import Object, Ref, stamped
from falapp_operator.cluster.client import Client
from falapp_operator.cluster.git import Git
from falapp_operator.cluster.registry import Registry
from falapp_operator.errors import ConflictError, FalappError, MissingError
from falapp_operator.reconcile import drift, events
from falapp_operator.reconcile.queue import Key
from falapp_operator.reconcile.shared import Shared
from falapp_operator.settings import Settings

_log = logging.getLogger(__name__)

FALAPP = "FalApp"
ENVIRONMENT = "Environment"
MACHINE_TYPE = "MachineType"
BUILD = "Build"
"""The build of all Environments of one name, whatever their namespaces: they share one Job."""
GUESTS = "Guests"
"""Those who use an Environment without owning it."""

_PATIENCE = 5.0
"""Seconds for all Events of a transition: the status waits for them, and is what counts. An API
server that is well takes less than one for a write, on a busy machine, too."""

_TRIES = 3
"""How often a status is applied to an object that others change meanwhile."""


def utcnow() -> datetime:
    """Return the time, in UTC and whole seconds, as conditions have it."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, kw_only=True)
class Context:
    """The connections, the settings, the clock, the queue, and what passes share."""

    cluster: Client
    registry: Registry
    git: Git
    settings: Settings
    wake: Callable[[Key], None]
    """Have another object looked at."""
    now: Callable[[], datetime] = utcnow
    shared: Shared = field(default_factory=Shared)
    instance: str = field(default_factory=socket.gethostname)
    """Which operator this is: in a pod, the pod's name."""


def own(kind: str, namespace: str, name: str) -> Ref:
    """Return where an object of one of our kinds is."""
    return Ref(api_version=meta.API_VERSION, kind=kind, namespace=namespace, name=name)


def key_of(obj: Object) -> Key:
    """Return the key of the passes over an object of one of our kinds."""
    metadata = obj["metadata"]
    return Key(obj["kind"], metadata.get("namespace", ""), metadata["name"])


def job_ref(context: Context, name: str) -> Ref:
    """Return where the build Job of the Environments called ``name`` is."""
    namespace = context.settings.builds.namespace
    return Ref(api_version="batch/v1", kind="Job", name=name, namespace=namespace)


def timestamp(moment: datetime) -> str:
    """Return ``moment`` as Kubernetes writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


async def apply_changed(
    cluster: Client, live: Object | None, desired: Object, *, force: bool = True
) -> bool:
    """Apply ``desired`` unless ``live`` is that already; return whether it was written."""
    wanted = stamped(desired)
    if drift.unchanged(live, wanted):
        return False
    await cluster.apply(wanted, force=force)
    return True


async def write_status(
    context: Context, obj: Object, new: FalAppStatus | EnvironmentBuildStatus
) -> None:
    """Write the status of ``obj``, stamped with generation and times, if it is another one.

    It is written to that very object alone, and not to one that was made in its place.

    What of it is a transition is told by Events, before it: whoever is killed in between finds the
    old status again, and tells the same Events by the same names, which is to tell nothing.
    """
    metadata, old = obj["metadata"], obj.get("status", {})
    generation = metadata["generation"]
    merged = conditions.merged(
        conditions.of(obj), new.conditions, generation, timestamp(context.now())
    )
    update = {"conditions": merged, "observed_generation": generation}
    status = new.model_copy(update=update).to_object()
    if old == status:
        return
    await _tell(context, obj, obj | {"status": status})
    with contextlib.suppress(MissingError):  # deleted while it was looked at
        await _apply_status(context.cluster, obj, status)


async def _apply_status(cluster: Client, obj: Object, status: Object) -> None:
    """Apply a status to the very object that was looked at: another may have its name by now.

    Raises:
        ConflictError: Another one has.
    """
    metadata = obj["metadata"]
    where = own(obj["kind"], metadata["namespace"], metadata["name"])
    version = metadata["resourceVersion"]
    for _ in range(_TRIES):
        with contextlib.suppress(ConflictError):
            await cluster.apply_status(where, status, version=version)
            return
        # Mostly somebody scaled it, or put an annotation on it: the status says of what it speaks.
        live = await cluster.get(where)
        if live is None:
            return
        if live["metadata"]["uid"] != metadata["uid"]:
            raise ConflictError(f"{obj['kind']} {metadata['name']} is another one by now")
        version = live["metadata"]["resourceVersion"]
    raise ConflictError(f"{obj['kind']} {metadata['name']} changes all the time")


async def _tell(context: Context, old: Object, new: Object) -> None:
    """Write the Events of a new status; a pass does not fail for them, nor wait long."""
    what = f"{new['kind']} {new['metadata']['namespace']}/{new['metadata']['name']}"
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    for event in events.told(old, new, context.now(), context.instance):
        _log.info("%s: %s: %s", what, event["reason"], event["message"])
        try:
            async with asyncio.timeout_at(deadline):
                await context.cluster.tell(event)
        except (FalappError, TimeoutError) as error:
            _log.warning("%s: its Event %s was not written: %r", what, event["reason"], error)

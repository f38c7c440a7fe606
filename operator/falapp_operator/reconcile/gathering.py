"""Asking the API server for everything around a FalApp, all of it side by side."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from falapp_operator.api import conditions, meta
from falapp_operator.api.environment import EnvironmentSpec
from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.api.objects import Object, Ref, owner_uids
from falapp_operator.cluster.client import Client
from falapp_operator.environment import key
from falapp_operator.environment.manifest import spec_of
from falapp_operator.errors import ForbiddenError, UserError
from falapp_operator.reconcile import machines, withdrawals
from falapp_operator.reconcile.commits import Answer
from falapp_operator.reconcile.context import ENVIRONMENT, FALAPP, own
from falapp_operator.reconcile.snapshot import Machine, Snapshot
from falapp_operator.settings import Settings


async def gather(
    cluster: Client, settings: Settings, app: Object, spec: FalAppSpec, answer: Answer
) -> Snapshot:
    """Ask the API server for everything around ``app``, whose git source is at ``answer``."""
    namespace, name, uid = (app["metadata"][k] for k in ("namespace", "name", "uid"))
    python = spec.python_version or settings.default_python
    settled = _settled(app)
    async with _together() as group:
        start = group.create_task
        types = start(machines.accepted(cluster, spec))
        files = start(_files(cluster, namespace, spec))
        deployment = start(cluster.get(_child("apps/v1", "Deployment", app)))
        service = start(cluster.get(_child("v1", "Service", app)))
        disruption = start(cluster.get(_child("policy/v1", "PodDisruptionBudget", app)))
        pods = start(pods_of(cluster, app))
        sources = start(cluster.list("v1", "ConfigMap", namespace, labels=meta.app_selector(name)))
        environments = start(_environments(cluster, namespace, settled))
    (machine, *fallbacks), names = types.result()
    wanted = _wanted(spec, python, settings, machine)
    environment = key.name(wanted, namespace) if isinstance(wanted, EnvironmentSpec) else ""
    there = environments.result()
    if settled not in ("", environment):
        there = await _environments(cluster, namespace)
    current, former = _mine(there, environment, uid)
    return Snapshot(
        app=app | {"apiVersion": meta.API_VERSION, "kind": FALAPP},
        spec=spec,
        python=python,
        machine=machine,
        fallbacks=tuple(fallbacks),
        machine_types=names,
        files=files.result(),
        wanted=wanted,
        environment=current,
        former_environments=former,
        deployment=deployment.result(),
        service=service.result(),
        disruption=disruption.result(),
        pods=pods.result(),
        sources=sources.result(),
        commit=answer.commit,
        stale=answer.trouble,
        trust=_trust(spec, settings),
    )


async def pods_of(cluster: Client, app: Object) -> tuple[Object, ...]:
    """Return the pods of ``app``, whatever else can be told of it."""
    metadata = app["metadata"]
    labels = meta.app_selector(metadata["name"])
    return await cluster.list("v1", "Pod", metadata["namespace"], labels=labels)


def _settled(app: Object) -> str:
    """Return the one Environment that an app owns, where that is known; empty elsewhere.

    Others are given up before an app is told to be Ready. So of an app that was Ready as it is now
    not all Environments of its namespace are to be read, which is most of the work of a restart
    over many apps.
    """
    ready = conditions.served(app)
    if ready is None or ready.observed_generation != app["metadata"]["generation"]:
        return ""
    return str((app["status"].get("environment") or {}).get("name", ""))


async def _environments(cluster: Client, namespace: str, only: str = "") -> tuple[Object, ...]:
    """Return the Environments of a namespace, or the one that is needed."""
    if not only:
        return await cluster.list(meta.API_VERSION, ENVIRONMENT, namespace)
    found = await cluster.get(own(ENVIRONMENT, namespace, only))
    return (found,) if found else ()


def _mine(
    found: tuple[Object, ...], name: str, owner: str
) -> tuple[Object | None, tuple[Object, ...]]:
    """Return the Environment called ``name``, and the others that are the owner's."""
    by_name = {e["metadata"]["name"]: e for e in found}
    current = by_name.pop(name, None)
    return current, tuple(e for e in by_name.values() if owner in owner_uids(e))


async def with_history(cluster: Client, seen: Snapshot) -> Snapshot:
    """Return what was seen with the Deployment's ReplicaSets, where a former one may be needed."""
    if not withdrawals.may_concern(seen):
        return seen
    namespace, name = (seen.app["metadata"][k] for k in ("namespace", "name"))
    try:
        labels = meta.app_selector(name)
        found = await cluster.list("apps/v1", "ReplicaSet", namespace, labels=labels)
    except ForbiddenError:
        return seen  # without the right to list them no revision is withdrawn
    return replace(seen, replica_sets=found)


def _trust(spec: FalAppSpec, settings: Settings) -> str:
    if spec.source.git is None or settings.custom_ca is None:
        return ""
    return settings.custom_ca.read_text()


@contextlib.asynccontextmanager
async def _together() -> AsyncIterator[asyncio.TaskGroup]:
    """Run tasks side by side; of their errors raise the first as it is, not as a group."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


def _child(api_version: str, kind: str, app: Object) -> Ref:
    metadata = app["metadata"]
    return Ref(
        api_version=api_version,
        kind=kind,
        name=metadata["name"],
        namespace=metadata["namespace"],
    )


async def _files(cluster: Client, namespace: str, spec: FalAppSpec) -> dict[str, str] | None:
    source = spec.source
    if source.inline is not None:
        return dict(source.inline)
    if source.config_map is None:
        return None
    ref = Ref(api_version="v1", kind="ConfigMap", namespace=namespace, name=source.config_map.name)
    found = await cluster.get(ref)
    return None if found is None else dict(found.get("data") or {})


def _wanted(
    spec: FalAppSpec,
    python: str,
    settings: Settings,
    machine: Machine,
) -> EnvironmentSpec | UserError | None:
    if python not in settings.pythons:
        return None
    try:
        profile = machine.profile if isinstance(machine, MachineTypeSpec) else None
        return spec_of(spec, python, settings, profile)
    except UserError as error:
        return error

"""What is known of a FalApp at one moment: one gathering, from which everything is decided."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from pydantic import ValidationError

from falapp_operator.api import meta
from falapp_operator.api.conditions import Reason
from falapp_operator.api.environment import EnvironmentBuildStatus, EnvironmentSpec, status_of
from falapp_operator.api.falapp import FalAppSpec, machine_type_name
from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.api.objects import Object, Ref, annotation, owner_uids
from falapp_operator.cluster.client import Client
from falapp_operator.environment import key
from falapp_operator.environment.manifest import spec_of
from falapp_operator.errors import UserError
from falapp_operator.reconcile.commits import Answer
from falapp_operator.reconcile.context import ENVIRONMENT, FALAPP, MACHINE_TYPE, own
from falapp_operator.runner import outcome
from falapp_operator.runner.nodes import Node
from falapp_operator.settings import Settings

Machine = MachineTypeSpec | UserError | None
"""A machine type, what is wrong with it, or None where there is none."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A FalApp and everything around it."""

    app: Object
    spec: FalAppSpec
    python: str
    """The Python version asked for, or the default."""
    machine: Machine
    """The machine type asked for."""
    machine_types: tuple[str, ...]
    """The names of all machine types, where one that is asked for does not exist."""
    files: dict[str, str] | None
    """The app's files; None where they are not in the FalApp, or its ConfigMap does not exist."""
    wanted: EnvironmentSpec | UserError | None
    """What the app asks to be built, what is wrong with that, or None without such a Python."""
    environment: Object | None
    """The Environment that the spec asks for, if it exists."""
    former_environments: tuple[Object, ...]
    """Other Environments that the app still owns."""
    deployment: Object | None
    service: Object | None
    disruption: Object | None
    """The PodDisruptionBudget."""
    pods: tuple[Object, ...]
    sources: tuple[Object, ...]
    """The app's ConfigMaps, of this revision and of former ones."""
    commit: str | UserError = ""
    """The commit of a git source, or why it is not known."""
    stale: UserError | None = None
    """Why the commit is the one of before: what it is now cannot be asked."""
    trust: str = ""
    """Certificates to trust in cloning it, besides the public ones."""
    fallbacks: tuple[Machine, ...] = ()
    """The machine types that will do besides, in order."""
    nodes: tuple[Node, ...] | None = None
    """All nodes of the cluster, where somebody asked for them, since the app waits for one."""

    @property
    def waits(self) -> bool:
        """Whether the scheduler finds no node for one of the pods."""
        return any(outcome.is_unscheduled(p) for p in self.pods)

    @property
    def accepted(self) -> tuple[MachineTypeSpec, ...]:
        """The machine types that will do and can be used, the best first."""
        found = (self.machine, *self.fallbacks)
        return tuple(m for m in found if isinstance(m, MachineTypeSpec))

    def owns(self, child: Object | None) -> bool:
        """Return whether ``child`` is there, and the app's."""
        return child is not None and self.app["metadata"]["uid"] in owner_uids(child)

    def former_sources(self, current: str) -> list[Object]:
        """Return the app's own ConfigMaps of files, but for the one called ``current``."""
        return [s for s in self.sources if self.owns(s) and s["metadata"]["name"] != current]

    @property
    def environment_status(self) -> EnvironmentBuildStatus:
        """The Environment's status; an empty one where it does not exist yet."""
        return status_of(self.environment)

    @property
    def retry(self) -> str:
        """The value of the annotation falapp.dev/retry, if it was not acted on yet."""
        asked = annotation(self.app, meta.ANNOTATION_RETRY)
        return asked if asked != self.app.get("status", {}).get("retried", "") else ""


async def gather(
    cluster: Client, settings: Settings, app: Object, spec: FalAppSpec, answer: Answer
) -> Snapshot:
    """Ask the API server for everything around ``app``, whose git source is at ``answer``."""
    metadata = app["metadata"]
    namespace, name = metadata["namespace"], metadata["name"]
    labels = meta.app_selector(name)
    python = spec.python_version or settings.default_python
    async with _together() as group:
        start = group.create_task
        machines = start(_machines(cluster, spec))
        files = start(_files(cluster, namespace, spec))
        deployment = start(cluster.get(_child("apps/v1", "Deployment", app)))
        service = start(cluster.get(_child("v1", "Service", app)))
        disruption = start(cluster.get(_child("policy/v1", "PodDisruptionBudget", app)))
        pods = start(cluster.list("v1", "Pod", namespace, labels=labels))
        sources = start(cluster.list("v1", "ConfigMap", namespace, labels=labels))
        environments = start(cluster.list(meta.API_VERSION, ENVIRONMENT, namespace))
    (machine, *fallbacks), names = machines.result()
    wanted = _wanted(spec, python, settings, machine)
    environment = key.name(wanted, namespace) if isinstance(wanted, EnvironmentSpec) else ""
    mine = [e for e in environments.result() if metadata["uid"] in owner_uids(e)]
    return Snapshot(
        app=app | {"apiVersion": meta.API_VERSION, "kind": FALAPP},
        spec=spec,
        python=python,
        machine=machine,
        fallbacks=tuple(fallbacks),
        machine_types=names,
        files=files.result(),
        wanted=wanted,
        environment=next(
            (e for e in environments.result() if e["metadata"]["name"] == environment), None
        ),
        former_environments=tuple(e for e in mine if e["metadata"]["name"] != environment),
        deployment=deployment.result(),
        service=service.result(),
        disruption=disruption.result(),
        pods=pods.result(),
        sources=sources.result(),
        commit=answer.commit,
        stale=answer.trouble,
        trust=_trust(spec, settings),
    )


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
    machine: MachineTypeSpec | UserError | None,
) -> EnvironmentSpec | UserError | None:
    if python not in settings.pythons:
        return None
    try:
        profile = machine.profile if isinstance(machine, MachineTypeSpec) else None
        return spec_of(spec, python, settings, profile)
    except UserError as error:
        return error


async def _machines(
    cluster: Client, spec: FalAppSpec
) -> tuple[tuple[Machine, ...], tuple[str, ...]]:
    """Return the machine types that will do; where one is missing, the names of all there are."""
    refs = [own(MACHINE_TYPE, "", machine_type_name(name)) for name in spec.machines]
    found = await asyncio.gather(*(cluster.get(ref) for ref in refs))
    names = () if all(found) else await _names(cluster)
    return tuple(_machine(live) for live in found), names


def _machine(live: Object | None) -> Machine:
    if live is None:
        return None
    try:
        return MachineTypeSpec.model_validate(live["spec"])
    except ValidationError as error:
        return UserError(
            Reason.INVALID_SPEC,
            f"MachineType {live['metadata']['name']!r}: {complaint(error)}; correct it, or use"
            " another one",
        )


def complaint(error: ValidationError) -> str:
    """Return the first thing that is wrong with a spec, as ``field: why``, without the value."""
    first = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(str(part) for part in ("spec", *first["loc"]))
    return f"{field}: {first['msg']}"


async def _names(cluster: Client) -> tuple[str, ...]:
    found = await cluster.list(meta.API_VERSION, MACHINE_TYPE)
    return tuple(sorted(m["metadata"]["name"] for m in found))

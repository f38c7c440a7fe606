"""What the operator would make of a FalApp, by its own gathering and deciding."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from falapp_builder.plan import dockerfile as dockerfiles
from falapp_cli.errors import ForbiddenError, InputError
from falapp_cli.foresee import code, warnings
from falapp_cli.foresee.changes import Change, changes
from falapp_cli.foresee.world import World
from falapp_operator.api import admission
from falapp_operator.api.conditions import Reason
from falapp_operator.api.environment import EnvironmentBuildStatus, EnvironmentSpec
from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.api.objects import Object, ref
from falapp_operator.cluster.client import Client
from falapp_operator.cluster.registry import Image
from falapp_operator.environment import job as jobs
from falapp_operator.environment import key as keys
from falapp_operator.environment import manifest
from falapp_operator.errors import UserError
from falapp_operator.reconcile import verdict, withdrawals
from falapp_operator.reconcile.commits import Answer
from falapp_operator.reconcile.gathering import gather, with_history
from falapp_operator.reconcile.plan import Plan, plan
from falapp_operator.reconcile.snapshot import Snapshot
from falapp_operator.settings import Settings
from falapp_requirements import redact

UID = "foreseen"
"""In place of what the API server would choose."""


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """Everything that would be made."""

    environment: dict[str, Any]
    """key, name, image, dockerfile, profile, requirements."""
    objects: tuple[Object, ...]
    """In the order in which they would be made."""
    warnings: tuple[warnings.Warning, ...]
    """What should be known."""
    changes: tuple[Change, ...]
    """What would be done to each object; empty without a cluster."""

    def to_value(self) -> dict[str, Any]:
        """Return the documented shape of ``-o json``; docs/cli.md describes it."""
        made: dict[str, Any] = {
            "environment": self.environment,
            "objects": list(self.objects),
            "warnings": [w.to_value() for w in self.warnings],
        }
        if self.changes:
            made["changes"] = [
                {
                    "action": change.action,
                    "kind": obj["kind"],
                    "name": obj["metadata"]["name"],
                    "fields": list(change.fields),
                }
                for change, obj in zip(self.changes, self.objects, strict=True)
            ]
        return made


def foresee(app: Object, settings: Settings, world: World) -> Foreseen:
    """Return what would be made of ``app``, which has a namespace.

    Raises:
        InputError: The operator would call the app Stalled.
    """
    spec = read(app)
    live = world.live(ref(app))
    app = _as_applied(app, live)
    # Of a suspended app is foreseen what it asks for, and what is wrong, once it is resumed.
    asked = spec.model_copy(update={"suspend": None})
    first, wanted = _decided(world, settings, app, asked)
    chain = _chain(wanted, app["metadata"]["namespace"])
    made: list[Object] = []
    for part in chain:
        environment, build = _environment(part, app, settings, world)
        made += [environment, *build]
    claims = [c.desired for c in first.changes if c.desired["kind"] == "Environment"]
    second, _ = _decided(world, settings, app, spec)
    rest = [c.desired for c in second.changes if c.desired["kind"] != "Environment"]
    objects = _without_credentials([*made, *rest], spec)
    return Foreseen(
        environment=_summary(wanted, app["metadata"]["namespace"], settings),
        objects=tuple(_printable(o) for o in objects),
        warnings=(
            *warnings.of(app, spec),
            *code.unknown(spec, live, settings),
            *_withdrawn(app, second),
        ),
        changes=tuple(changes(world, [*made, *rest], claims)) if world.is_live else (),
    )


def read(app: Object) -> FalAppSpec:
    """Return the spec of a FalApp.

    Raises:
        InputError: It is none, or the API server would refuse it.
    """
    try:
        return admission.read(app)
    except UserError as error:
        raise InputError(f"FalApp {app['metadata']['name']}: {error}; correct it") from error


def _as_applied(app: Object, live: Object | None) -> Object:
    """Return an app as it is once it is applied: others' annotations stay, and so does its status.

    What the operator remembers is in the status. An annotation that a former manifest had stays
    here, though applying may take it away.
    """
    metadata = (live or {"metadata": {"uid": UID}})["metadata"]
    annotations = metadata.get("annotations", {}) | app["metadata"].get("annotations", {})
    more = {"uid": metadata["uid"], "generation": 1, "annotations": annotations}
    return app | {"metadata": app["metadata"] | more, "status": (live or {}).get("status", {})}


def _withdrawn(app: Object, decided: Plan) -> Iterator[warnings.Warning]:
    """Yield that what is asked for was tried, and is not run."""
    if decided.withdrawal and not decided.withdrawal.is_new:
        message = withdrawals.message(app, decided.withdrawal)
        yield warnings.Warning(reason=str(Reason.ROLLED_BACK), message=message)


def _decided(
    world: World, settings: Settings, app: Object, spec: FalAppSpec
) -> tuple[Plan, EnvironmentSpec]:
    """Return what the operator decides, and the environment that is asked for."""
    commit = code.commit(spec, world.live(ref(app)))
    # Its file is in the operator's pod.
    here = settings.model_copy(update={"custom_ca": None})
    seen = asyncio.run(_seen(world, here, app, spec, Answer(commit=commit)))
    made = plan(seen, settings)
    if made.error:
        raise InputError(f"{made.error.reason}: {made.error.message}")
    return made, cast("EnvironmentSpec", seen.wanted)  # or there were an error


async def _seen(
    world: World, settings: Settings, app: Object, spec: FalAppSpec, answer: Answer
) -> Snapshot:
    cluster = cast("Client", world)
    seen = await gather(cluster, settings, app, spec, answer)
    try:
        return await with_history(cluster, seen)
    except ForbiddenError:
        return seen  # the operator may, and who plans may not list ReplicaSets


def _chain(wanted: EnvironmentSpec, namespace: str) -> list[EnvironmentSpec]:
    """Return the environments in the order of their builds: a Dockerfile's image comes first."""
    return [manifest.base_of(wanted), wanted] if wanted.has_own_base else [wanted]


def _environment(
    spec: EnvironmentSpec, app: Object, settings: Settings, world: World
) -> tuple[Object, list[Object]]:
    """Return an Environment and what builds it, and have it ready in the world."""
    namespace = app["metadata"]["namespace"]
    made = manifest.environment(spec, namespace, ())
    made["metadata"] |= {"uid": UID, "resourceVersion": UID}
    live = world.live(ref(made))
    if live and verdict.is_ready(EnvironmentBuildStatus.model_validate(live.get("status", {}))):
        return live, []
    world.put((live or made) | {"status": _ready(spec, namespace, settings)})
    base = spec.base_image or ""
    if spec.has_own_base:
        base = _image(manifest.base_of(spec), namespace, settings)
    build = jobs.Build(
        name=made["metadata"]["name"],
        namespace=namespace,
        spec=spec,
        base=base,
        custom_ca=bool(settings.custom_ca),
        variables=manifest.variables(spec.layers),
    )
    job = jobs.job(build, settings)
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": build.name, "uid": UID}
    return made, [job, jobs.request(build, settings, owner)]


def _ready(spec: EnvironmentSpec, namespace: str, settings: Settings) -> Object:
    image = Image(reference=_image(spec, namespace, settings), packages=0, size=0)
    return verdict.found(EnvironmentBuildStatus(), image).to_object()


def _image(spec: EnvironmentSpec, namespace: str, settings: Settings) -> str:
    return f"{settings.registry.repository}:{keys.tag(spec, namespace)}"


def _summary(spec: EnvironmentSpec, namespace: str, settings: Settings) -> dict[str, Any]:
    return {
        "key": keys.key(spec, namespace),
        "name": keys.name(spec, namespace),
        "image": _image(spec, namespace, settings),
        "dockerfile": _dockerfile(spec),
        "profile": spec.profile.to_object() if spec.profile else None,
        "requirements": [list(layer) for layer in spec.layers],
    }


def _dockerfile(spec: EnvironmentSpec) -> str:
    """Return the Dockerfile, as far as it is known before anything is resolved."""
    if spec.dockerfile:
        return spec.dockerfile.text
    after = (
        "# then a RUN for each group of packages that the registry lacks, once they are resolved"
    )
    return (
        f"FROM {spec.base_image}\n{dockerfiles.VENV}\n{after if spec.layers else ''}".rstrip()
        + "\n"
    )


def _printable(obj: Object) -> Object:
    """Return an object without what only the API server knows."""
    dropped = {"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"}
    metadata = {k: v for k, v in obj["metadata"].items() if k not in dropped}
    owners = [o for o in metadata.pop("ownerReferences", ()) if o["uid"] != UID]
    metadata |= {"ownerReferences": owners} if owners else {}
    return {k: v for k, v in obj.items() if k != "status"} | {"metadata": metadata}


def _without_credentials(objects: list[Object], spec: FalAppSpec) -> list[Object]:
    """Hide what stands as a credential in requirements, and may stand in the app's file, too."""
    values = manifest.credentials_of(spec).values()
    return [_hidden(o, redact.Redactor((), values)) for o in objects] if values else objects


def _hidden(value: Any, redactor: redact.Redactor) -> Any:
    if isinstance(value, dict):
        return {k: _hidden(v, redactor) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(v, redactor) for v in value]
    return redactor(value) if isinstance(value, str) else value

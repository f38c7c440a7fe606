"""Deciding about a FalApp: from a snapshot to what shall exist. Pure.

Old keeps serving: the Deployment is left alone until the new Environment has its image, and what
only the former revision needs goes when the new one has served. Where the new one cannot start, and
had its place made free, the old one is run again (`withdrawals`).
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from falapp_operator.api import meta
from falapp_operator.api.environment import EnvironmentSpec
from falapp_operator.api.objects import Object, annotation
from falapp_operator.environment import key
from falapp_operator.errors import UserError
from falapp_operator.reconcile import checks, claims, releases, verdict, withdrawals
from falapp_operator.reconcile.snapshot import Snapshot
from falapp_operator.reconcile.withdrawals import Withdrawal
from falapp_operator.runner import (
    capacity,
    deployment,
    disruption,
    network,
    outcome,
    placement,
    pod,
    source,
)
from falapp_operator.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Change:
    """One object that shall exist, beside what is there."""

    live: Object | None
    desired: Object


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What shall exist, what shall not, and what that tells of the app."""

    error: UserError | None
    """What is wrong with the spec."""
    environment: str
    """The name of the Environment that the spec asks for; empty where there is an error."""
    changes: tuple[Change, ...]
    """In the order of application."""
    deletions: tuple[Object, ...]
    """As they were seen, so that no newer one is deleted in their place."""
    runners: outcome.Runners
    """How the runners fare, those of the wanted revision being the current ones."""
    revision: str = ""
    """The wanted revision; empty where it is not known yet."""
    withdrawal: Withdrawal | None = None
    """That the wanted revision is not run."""
    former: outcome.Runners | None = None
    """How the runners fare of the revision that is run in its place."""
    rolled_out: bool
    """Whether the wanted revision is the only one."""
    scale: int | None = None
    """How many pods the Deployment shall have that is otherwise left alone, if it has others."""
    doubted: bool = False
    """Whether a node cannot pull the Environment's image: the registry may have lost it."""


def plan(seen: Snapshot, settings: Settings) -> Plan:
    """Return what shall exist for the app in ``seen``."""
    made = _plan(seen, settings)
    lost = outcome.lost(seen.pods)
    return dataclasses.replace(made, deletions=(*made.deletions, *lost)) if lost else made


def _plan(seen: Snapshot, settings: Settings) -> Plan:
    error = checks.first_error(seen, settings)
    spec = seen.wanted
    if (
        error
        or isinstance(seen.commit, UserError)
        or not seen.accepted
        or not isinstance(spec, EnvironmentSpec)
    ):
        # A suspended app asks for nothing that could be wrong; it is told when it is resumed.
        return _waiting(seen, None if seen.spec.suspend else error, ())
    claim = _claim(seen, spec)
    environment = key.name(spec, seen.app["metadata"]["namespace"])
    if seen.remains or not verdict.is_ready(seen.environment_status):
        return _waiting(seen, None, claim, environment)
    return _running(seen, settings, claim, environment)


def _running(
    seen: Snapshot, settings: Settings, claim: tuple[Change, ...], environment: str
) -> Plan:
    """Return the plan of an app whose environment is there."""
    files = _files(seen)
    runner = _runner(seen, files, settings)
    wanted = deployment.deployment(seen.app, runner, environment)
    revision = _revision(wanted)
    runners = _runners(seen, revision)
    withdrawal = withdrawals.decide(seen, revision, runners)
    whole = withdrawal is None and _is_whole(seen, revision, runners)
    # Without a runner it has shown nothing yet: what served last may be needed again.
    proven = whole and (seen.spec.runners > 0 or seen.latest_ready in ("", revision))
    held = withdrawal is not None and withdrawal.template is None
    given_up = seen.former_environments if proven else releases.superseded(seen)
    budget, needless = _budget(seen)
    return Plan(
        error=None,
        environment=environment,
        changes=(
            *claim,
            *_source(seen, runner, files),
            *(() if held else (Change(live=seen.deployment, desired=_run(wanted, withdrawal)),)),
            Change(live=seen.service, desired=network.service(seen.app)),
            *budget,
            *_releases(seen, given_up),
        ),
        deletions=(
            *needless,
            *(seen.former_sources(runner.source) if proven else ()),
            *releases.unowned(seen.app, given_up),
        ),
        runners=runners,
        revision=revision,
        withdrawal=withdrawal,
        former=_runners(seen, withdrawal.former) if withdrawal else None,
        rolled_out=whole,
        scale=_scale(seen) if held else None,
        doubted=outcome.cannot_pull(seen.pods, seen.environment_status.image),
    )


def _is_whole(seen: Snapshot, revision: str, runners: outcome.Runners) -> bool:
    """Return whether there are as many runners as there are to be, all of ``revision``."""
    return (
        runners.current == runners.total == runners.current_ready == seen.spec.runners
        and runners.former_ready == 0
        and _revision(seen.deployment) == revision
    )


def _run(wanted: Object, withdrawal: Withdrawal | None) -> Object:
    """Return the Deployment to have: of the former revision, once the wanted one is withdrawn."""
    if withdrawal is None or withdrawal.is_new:
        return wanted
    # Of which Environment the former revision is made, nothing says.
    metadata = {k: v for k, v in wanted["metadata"].items() if k != "annotations"}
    spec = wanted["spec"] | {"template": withdrawal.template}
    return wanted | {"metadata": metadata, "spec": spec}


def _budget(seen: Snapshot) -> tuple[tuple[Change, ...], tuple[Object, ...]]:
    """Return the PodDisruptionBudget to have, and the one to delete: an only runner needs none."""
    if seen.spec.runners > 1:
        return (Change(live=seen.disruption, desired=disruption.budget(seen.app)),), ()
    return (), (seen.disruption,) if seen.disruption and seen.owns(seen.disruption) else ()


def _files(seen: Snapshot) -> source.Files | None:
    """Return what the pods' ConfigMap is to hold, if they need one."""
    if seen.files is not None:
        return source.Files(texts=seen.files)
    if not seen.trust:
        return None
    return source.Files(texts={source.CERTIFICATES: seen.trust}, name=source.TRUST)


def _code(seen: Snapshot, settings: Settings) -> source.Checkout | source.Copy | None:
    given = seen.spec.source
    if given.git and isinstance(seen.commit, str):
        return source.Checkout(
            url=given.git.url,
            commit=seen.commit,
            path=given.git.path or "",
            secret=given.git.secret_ref.name if given.git.secret_ref else "",
            image=settings.builds.builder_image,
        )
    if given.image:
        return source.Copy(image=given.image.name, path=given.image.path)
    return None


def _runner(seen: Snapshot, files: source.Files | None, settings: Settings) -> pod.Runner:
    name, image = seen.app["metadata"]["name"], seen.spec.source.image
    own = (image.pull_secret,) if image and image.pull_secret else ()
    return pod.Runner(
        app=name,
        spec=seen.spec,
        machine=placement.combined(seen.accepted, seen.spec.num_gpus),
        preferred=placement.preferences(seen.accepted),
        environment_image=seen.environment_status.image,
        runtime_image=settings.pythons[seen.python].runtime_image,
        source=source.config_map_name(name, files) if files else "",
        code=_code(seen, settings),
        image_pull_secrets=(*settings.runners.image_pull_secrets, *own),
        files=settings.runners.files,
        restart=annotation(seen.app, meta.ANNOTATION_RESTART),
    )


def _runners(seen: Snapshot, revision: str) -> outcome.Runners:
    """Return how the runners of ``revision`` fare, those that could not even be made included."""
    place = None
    if seen.nodes is not None:
        place = capacity.Place(machines=seen.spec.machines, nodes=seen.nodes)
    restarted = annotation(_template(seen.deployment), meta.ANNOTATION_RESTARTED)
    found = outcome.runners(seen.pods, revision, place=place, restarted=restarted)
    if found.trouble or seen.deployment is None or _revision(seen.deployment) != revision:
        return found
    return dataclasses.replace(found, trouble=outcome.refused(seen.deployment))


def _waiting(
    seen: Snapshot, error: UserError | None, claim: tuple[Change, ...], environment: str = ""
) -> Plan:
    """Return the plan of an app whose Deployment is not to be touched now, but for its size."""
    sized = seen.owns(seen.deployment) and (not seen.disruption or seen.owns(seen.disruption))
    budget, needless = _budget(seen) if sized else ((), ())
    given_up = releases.superseded(seen) if environment and not seen.spec.suspend else ()
    return Plan(
        error=error,
        environment=environment,
        changes=(*claim, *budget, *_releases(seen, given_up)),
        deletions=(*needless, *releases.unowned(seen.app, given_up)),
        # The wanted revision has no runner yet; how a former one fares says nothing of this spec.
        runners=outcome.runners(seen.pods, ""),
        rolled_out=False,
        scale=_scale(seen),
    )


def _scale(seen: Snapshot) -> int | None:
    """Return how many runners of the former revision there shall be, where others are asked for.

    How many they are is no part of a revision: an autoscaler or a person is not made to wait for a
    build, which may never end.
    """
    live, wanted = seen.deployment, seen.spec.runners
    differs = live is not None and live["spec"].get("replicas") != wanted
    return wanted if differs and seen.owns(live) else None


def _claim(seen: Snapshot, spec: EnvironmentSpec) -> tuple[Change, ...]:
    """Make the Environment, become one more of its owners, or hand it the wish to try again.

    A suspended app asks for no new one, nor for another try; that of before, which may be building,
    stays its own.
    """
    if seen.spec.suspend and seen.environment is None:
        return ()
    retry = "" if seen.spec.suspend else seen.retry
    desired = claims.claim(seen.environment, seen.app, spec, retry)
    return (Change(live=seen.environment, desired=desired),) if desired else ()


def _releases(seen: Snapshot, given_up: tuple[Object, ...]) -> Iterator[Change]:
    for live, desired in releases.released(seen.app, given_up):
        yield Change(live=live, desired=desired)


def _source(seen: Snapshot, runner: pod.Runner, files: source.Files | None) -> tuple[Change, ...]:
    if files is None:
        return ()
    live = next((s for s in seen.sources if s["metadata"]["name"] == runner.source), None)
    return (Change(live=live, desired=source.config_map(seen.app, files)),)


def _revision(live: Object | None) -> str:
    return annotation(_template(live), meta.ANNOTATION_REVISION)


def _template(live: Object | None) -> Object:
    found: Object = live["spec"]["template"] if live else {}
    return found

"""What is known of a FalApp at one moment: one gathering, from which everything is decided."""

from dataclasses import dataclass

from falapp_operator.api import meta
from falapp_operator.api.environment import EnvironmentBuildStatus, EnvironmentSpec, status_of
from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.api.objects import Object, annotation, owner_uids
from falapp_operator.api.withdrawn import Withdrawn, withdrawn_of
from falapp_operator.errors import UserError
from falapp_operator.runner import outcome
from falapp_operator.runner.nodes import Node

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
    replica_sets: tuple[Object, ...] = ()
    """Those of the app's Deployment, where a former one may be needed."""
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

    @property
    def namesakes(self) -> tuple[Object, ...]:
        """What is there by the names that its Deployment, Service and budget shall have."""
        budget = self.disruption if self.spec.runners > 1 else None
        return tuple(c for c in (self.deployment, self.service, budget) if c is not None)

    @property
    def remains(self) -> tuple[Object, ...]:
        """Those of them that a former FalApp of the name left to the garbage collector.

        Orphans, which somebody kept on purpose, have no such owner any more.
        """
        return tuple(c for c in self.namesakes if _is_of_former(c, self.app))

    def former_sources(self, current: str) -> list[Object]:
        """Return the app's own ConfigMaps of files, but for the one called ``current``."""
        return [s for s in self.sources if self.owns(s) and s["metadata"]["name"] != current]

    @property
    def live_revision(self) -> str:
        """The revision of which the app's Deployment makes runners; empty without a Deployment."""
        if self.deployment is None or not self.owns(self.deployment):
            return ""
        return annotation(self.deployment["spec"]["template"], meta.ANNOTATION_REVISION)

    @property
    def latest_ready(self) -> str:
        """The revision of which all runners served last, as the status has it; empty without."""
        return str(self.app.get("status", {}).get("latestReadyRevision", ""))

    @property
    def withdrawn(self) -> Withdrawn | None:
        """The revision that was withdrawn, if one was."""
        return withdrawn_of(self.app)

    @property
    def environment_status(self) -> EnvironmentBuildStatus:
        """The Environment's status; an empty one where it does not exist yet."""
        return status_of(self.environment)

    @property
    def retry(self) -> str:
        """The value of the annotation falapp.dev/retry, if it was not acted on yet."""
        asked = annotation(self.app, meta.ANNOTATION_RETRY)
        return asked if asked != self.app.get("status", {}).get("retried", "") else ""

    @property
    def tries_again(self) -> bool:
        """Whether what waits for a person is tried once more; a suspended app waits with it."""
        return bool(self.retry) and not self.spec.suspend


def _is_of_former(child: Object, app: Object) -> bool:
    """Return whether the controller of ``child`` was a FalApp of the app's name, now gone."""
    name, uid = (app["metadata"][k] for k in ("name", "uid"))
    return any(
        owner.get("controller")
        and owner["apiVersion"].partition("/")[0] == meta.GROUP
        and (owner["kind"], owner["name"]) == (app["kind"], name)
        and owner["uid"] != uid
        for owner in child["metadata"].get("ownerReferences", ())
    )

"""What keeps falapp from working in a cluster: checks, each with a way out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from falapp_cli.errors import CliError, ClusterError, ForbiddenError
from falapp_cli.kube import app as apps
from falapp_cli.kube import operator
from falapp_cli.live import trial
from falapp_operator.api import meta

_TRIAL_SECONDS = 1800


class Doctored(trial.Everything, Protocol):
    """A cluster that tells its version."""

    def version(self) -> str:
        """Return the API server's version."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How one check ended."""

    name: str
    ok: bool | None
    """None where it may not be looked at, which keeps falapp from nothing."""
    text: str

    def to_value(self) -> dict[str, str | bool | None]:
        """Return it for machines."""
        return {"check": self.name, "ok": self.ok, "message": self.text}


def examine(kube: Doctored, namespace: str, machine: str = "") -> Iterator[Finding]:
    """Yield how each check ended.

    Args:
        kube: The cluster.
        namespace: The operator's.
        machine: The machine type of a trial app, which is the last check unless something is wrong
            before; none is made where it is empty.
    """
    good = True
    for finding in _examined(kube, namespace):
        yield finding
        good = good and finding.ok is not False
    if machine and good:
        yield _checked("build", lambda: trial.trial(kube, machine, _TRIAL_SECONDS))


def _examined(kube: Doctored, namespace: str) -> Iterator[Finding]:
    """Yield the checks that change nothing; where the cluster is silent, it is the only one."""
    yield (first := _checked("cluster", lambda: f"answers, version {kube.version()}"))
    if not first.ok:
        return
    yield (kinds := _checked("kinds", lambda: _kinds(kube)))
    yield _looked("operator", lambda: _operator(kube, namespace))
    yield _looked("settings", lambda: _settings(kube, namespace))
    if kinds.ok:
        yield _checked("machine types", lambda: _machines(kube))
        yield _checked("registry", lambda: _registry(kube))


def _looked(name: str, check: Callable[[], str]) -> Finding:
    """Check what a person who only has apps need not be able to see."""
    try:
        return Finding(name=name, ok=True, text=check())
    except ForbiddenError as error:
        return Finding(name=name, ok=None, text=str(error))
    except CliError as error:
        return Finding(name=name, ok=False, text=str(error))


def _checked(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name=name, ok=True, text=check())
    except CliError as error:
        return Finding(name=name, ok=False, text=str(error))


def _kinds(kube: apps.Reader) -> str:
    for kind in ("FalApp", "Environment"):
        kube.list(meta.API_VERSION, kind, kube.namespace)
    kube.list(meta.API_VERSION, "MachineType")
    return "FalApp, Environment and MachineType are there, and you may list them"


def _operator(kube: apps.Reader, namespace: str) -> str:
    found = operator.deployment(kube, namespace)
    name = found["metadata"]["name"]
    if not found.get("status", {}).get("availableReplicas"):
        raise ClusterError(
            f"the operator does not run; see `kubectl describe pod -n {namespace}` and `kubectl "
            f"logs -n {namespace} deployment/{name}`"
        )
    return f"runs in namespace {namespace}"


def _settings(kube: apps.Reader, namespace: str) -> str:
    from falapp_cli.foresee import settings

    known = settings.parse(operator.settings(kube, namespace), f"namespace {namespace}")
    pythons = ", ".join(sorted(known.pythons))
    return f"environments go to {known.registry.repository}; Python {pythons}"


def _machines(kube: apps.Reader) -> str:
    found = kube.list(meta.API_VERSION, "MachineType")
    if not found:
        raise ClusterError(
            "there is no MachineType, so no app can run; set machineTypes in the chart's values"
        )
    return ", ".join(sorted(m["metadata"]["name"] for m in found))


def _registry(kube: apps.Reader) -> str:
    """What failed builds say of the registry and of the indexes."""
    found = kube.list(meta.API_VERSION, "Environment", kube.namespace)
    bad = {"RegistryUnreachable", "PushDenied", "PublishFailed", "IndexUnreachable"}
    for environment in found:
        for condition in (environment.get("status") or {}).get("conditions", ()):
            if condition["type"] == "Ready" and condition["reason"] in bad:
                name = environment["metadata"]["name"]
                raise ClusterError(f"{name}: {condition['reason']}: {condition['message']}")
    return (
        f"no build of namespace {kube.namespace} tells of trouble with it; --build proves push "
        "and pull"
    )

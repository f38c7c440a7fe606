"""What keeps falapp from working in a cluster: checks, each with a way out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from falapp_cli.errors import CliError, ClusterError
from falapp_cli.kube import app as apps
from falapp_cli.kube import operator
from falapp_operator.api import meta


class Doctored(apps.Reader, Protocol):
    """A cluster that tells its version."""

    def version(self) -> str:
        """Return the API server's version."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How one check ended."""

    name: str
    ok: bool
    text: str

    def to_value(self) -> dict[str, str | bool]:
        """Return it for machines."""
        return {"check": self.name, "ok": self.ok, "message": self.text}


def examine(kube: Doctored, namespace: str) -> Iterator[Finding]:
    """Yield how each check ended; what comes after the first that all others need is left out."""
    yield (first := _checked("cluster", lambda: f"answers, version {kube.version()}"))
    if not first.ok:
        return
    yield (kinds := _checked("kinds", lambda: _kinds(kube)))
    yield _checked("operator", lambda: _operator(kube, namespace))
    yield _checked("settings", lambda: _settings(kube, namespace))
    if kinds.ok:
        yield _checked("machine types", lambda: _machines(kube))
        yield _checked("environments", lambda: _environments(kube))


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


def _environments(kube: apps.Reader) -> str:
    """What failed builds say of the registry and of the indexes."""
    found = kube.list(meta.API_VERSION, "Environment", kube.namespace)
    bad = {"RegistryUnreachable", "PushDenied", "PublishFailed", "IndexUnreachable"}
    for environment in found:
        for condition in (environment.get("status") or {}).get("conditions", ()):
            if condition["type"] == "Ready" and condition["reason"] in bad:
                name = environment["metadata"]["name"]
                raise ClusterError(f"{name}: {condition['reason']}: {condition['message']}")
    return f"{len(found)} in namespace {kube.namespace}, none with a trouble of the registry"

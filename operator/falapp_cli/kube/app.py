"""A FalApp and what is around it, in a cluster."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from falapp_cli.errors import ClusterError, InputError, MissingError
from falapp_operator.api import meta
from falapp_operator.api.objects import Object, Ref
from falapp_operator.runner.pod import CONTAINER


class Reader(Protocol):
    """As much of a cluster as looking needs; `falapp_cli.kube.client.Kube` is one."""

    namespace: str
    context: str

    def get(self, where: Ref) -> Object | None:
        """Return an object, or None."""

    def list(
        self, api_version: str, kind: str, namespace: str = "", labels: str = ""
    ) -> tuple[Object, ...]:
        """Return the objects of a kind."""

    def logs(
        self, namespace: str, pod: str, container: str, *, follow: bool = False, tail: int = -1
    ) -> Iterator[str]:
        """Yield the lines of a log."""


def own(kind: str, namespace: str, name: str) -> Ref:
    """Return where an object of one of falapp's kinds is.

    Raises:
        InputError: The name is none: by it, one would ask for all of them.
    """
    if not name or "/" in name:
        raise InputError(f"{name!r} is no name of a {kind}; give one that is in the cluster")
    return Ref(api_version=meta.API_VERSION, kind=kind, namespace=namespace, name=name)


def find(kube: Reader, name: str) -> Object:
    """Return a FalApp.

    Raises:
        MissingError: There is none.
    """
    return named(kube, "FalApp", name)


def named(kube: Reader, kind: str, name: str, namespace: str | None = None) -> Object:
    """Return an object of one of falapp's kinds; another namespace than one's own may be given.

    Raises:
        MissingError: There is none.
    """
    where = kube.namespace if namespace is None else namespace
    found = kube.get(own(kind, where, name))
    if found is None:
        known = ", ".join(o["metadata"]["name"] for o in kube.list(meta.API_VERSION, kind, where))
        place = f" in namespace {where}" if where else ""
        raise MissingError(f"there is no {kind} {name}{place}; there are: {known or 'none'}")
    return found


def only(kube: Reader, name: str) -> Object:
    """Return a FalApp by its name, or the only one where no name is given.

    Raises:
        ClusterError: There are several, or none.
    """
    if name:
        return find(kube, name)
    found = kube.list(meta.API_VERSION, "FalApp", kube.namespace)
    if len(found) != 1:
        names = ", ".join(o["metadata"]["name"] for o in found) or "none"
        raise ClusterError(f"name an app: namespace {kube.namespace} has {names}")
    return found[0]


def status_command(kube: Reader, name: str) -> str:
    """Return the command by which a person looks at an app, from wherever they are."""
    context = f" --context {kube.context}" if kube.context else ""
    return f"falapp status {name} -n {kube.namespace}{context}"


def pods(kube: Reader, app: Object) -> tuple[Object, ...]:
    """Return an app's runner pods, the newest first; those on their way out are left out."""
    metadata = app["metadata"]
    labels = meta.app_selector(metadata["name"])
    found = kube.list("v1", "Pod", metadata["namespace"], labels=labels)
    living = [p for p in found if "deletionTimestamp" not in p["metadata"]]
    return tuple(
        sorted(living, key=lambda p: p["metadata"].get("creationTimestamp", ""), reverse=True)
    )


def environment(kube: Reader, app: Object) -> Object | None:
    """Return the Environment that an app uses or waits for, as far as its status tells."""
    name = (app.get("status") or {}).get("environment", {}).get("name", "")
    return kube.get(own("Environment", app["metadata"]["namespace"], name)) if name else None


def tail(kube: Reader, found: Iterable[Object], lines: int) -> tuple[str, ...]:
    """Return the last lines of the newest runner that has a log."""
    for pod in found:
        statuses = pod.get("status", {}).get("containerStatuses", ())
        if any(c["name"] == CONTAINER and "running" in c.get("state", {}) for c in statuses):
            metadata = pod["metadata"]
            try:
                logs = kube.logs(metadata["namespace"], metadata["name"], CONTAINER, tail=lines)
                return tuple(logs)
            except ClusterError:
                return ()  # it ended in between, or its log may not be read: the status tells
    return ()


def is_ready(pod: Object) -> bool:
    """Return whether a pod takes requests."""
    found = pod.get("status", {}).get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in found)

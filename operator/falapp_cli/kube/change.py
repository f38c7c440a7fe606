"""Changes to what is there: scale, suspend, restart, delete, secrets."""

from collections.abc import Mapping
from typing import Protocol

from falapp_cli.errors import ClusterError, InputError
from falapp_cli.kube import app as apps
from falapp_operator.api import meta
from falapp_operator.api.objects import Object, Ref, ref


class Changer(apps.Reader, Protocol):
    """A cluster that can be changed."""

    def patch(self, where: Ref, body: Object) -> Object:
        """Merge a change into an object."""

    def create(self, obj: Object) -> Object:
        """Create an object."""

    def delete(self, where: Ref) -> None:
        """Delete an object."""


def scale(kube: Changer, name: str, replicas: int) -> Object:
    """Have so many runners of an app.

    Raises:
        InputError: The number is none that an app can have.
    """
    if not 0 <= replicas <= 10000:
        raise InputError(f"scale: {replicas} is no number of runners; give one from 0 to 10000")
    return kube.patch(ref(apps.find(kube, name)), {"spec": {"replicas": replicas}})


def suspend(kube: Changer, name: str) -> Object:
    """Have no runner of an app until it is resumed; spec.replicas stays."""
    return kube.patch(ref(apps.find(kube, name)), {"spec": {"suspend": True}})


def resume(kube: Changer, name: str) -> Object:
    """Have as many runners as spec.replicas says.

    Raises:
        ClusterError: The app is not suspended.
    """
    app = apps.find(kube, name)
    if not app["spec"].get("suspend"):
        raise ClusterError(f"{name} is not suspended; `falapp scale {name} N` starts runners")
    return kube.patch(ref(app), {"spec": {"suspend": None}})


def restart(kube: Changer, name: str, now: str) -> str:
    """Start an app's runners anew, or try again what waits for a person; return which it was.

    Raises:
        ClusterError: There is no runner.
    """
    app = apps.find(kube, name)
    status = app.get("status") or {}
    found = {c["type"]: c["status"] for c in status.get("conditions", ())}
    waits = found.get("Stalled") == "True" and found.get("EnvironmentReady") != "True"
    if waits or status.get("withdrawn"):
        kube.patch(ref(app), {"metadata": {"annotations": {meta.ANNOTATION_RETRY: now}}})
        return "is tried again"
    if not status.get("replicas"):
        raise ClusterError(f"{name} has no runners; `falapp status {name}` says why")
    kube.patch(ref(app), {"metadata": {"annotations": {meta.ANNOTATION_RESTART: now}}})
    return "gets new runners, as its rollout says"


def delete(kube: Changer, name: str) -> None:
    """Delete an app and everything that belongs to it alone."""
    kube.delete(ref(apps.find(kube, name)))


def secret(kube: Changer, name: str, values: Mapping[str, str]) -> bool:
    """Put values into a Secret; return whether it was made for that."""
    where = Ref(api_version="v1", kind="Secret", name=name, namespace=kube.namespace)
    if kube.get(where) is not None:
        kube.patch(where, {"stringData": dict(values)})
        return False
    kube.create(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": kube.namespace,
                "labels": {meta.LABEL_MANAGED_BY: "falapp-cli"},
            },
            "type": "Opaque",
            "stringData": dict(values),
        }
    )
    return True

"""Changes to what is there: scale, suspend, restart, delete, secrets."""

from collections.abc import Mapping
from typing import Protocol

from falapp_cli.errors import ClusterError, InputError
from falapp_cli.kube import app as apps
from falapp_operator.api import meta
from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.api.objects import Object, Ref, ref

WAS = f"{meta.GROUP}/replicas-before-suspend"
"""On a suspended FalApp: how many replicas it had."""

_RESTARTED = "kubectl.kubernetes.io/restartedAt"


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
    """Have no runner of an app until it is resumed."""
    app = apps.find(kube, name)
    if "suspend" in FalAppSpec.model_fields:
        return kube.patch(ref(app), {"spec": {"suspend": True}})
    now = app["spec"].get("replicas", 1)
    if now == 0:
        return app  # so that a second time does not forget how many there were
    body = {"metadata": {"annotations": {WAS: str(now)}}, "spec": {"replicas": 0}}
    return kube.patch(ref(app), body)


def resume(kube: Changer, name: str) -> Object:
    """Have as many runners as before `suspend`.

    Raises:
        ClusterError: The app is not suspended.
    """
    app = apps.find(kube, name)
    if "suspend" in FalAppSpec.model_fields:
        return kube.patch(ref(app), {"spec": {"suspend": False}})
    was = app["metadata"].get("annotations", {}).get(WAS, "")
    if not was.isdigit():
        raise ClusterError(f"{name} is not suspended; `falapp scale {name} N` starts runners")
    return kube.patch(
        ref(app), {"metadata": {"annotations": {WAS: None}}, "spec": {"replicas": int(was)}}
    )


def restart(kube: Changer, name: str, now: str) -> str:
    """Start an app's runners anew, or try again what waits for a person; return which it was."""
    app = apps.find(kube, name)
    found = {c["type"]: c["status"] for c in (app.get("status") or {}).get("conditions", ())}
    if found.get("Stalled") == "True":
        kube.patch(ref(app), {"metadata": {"annotations": {meta.ANNOTATION_RETRY: now}}})
        return "is tried again"
    where = Ref(api_version="apps/v1", kind="Deployment", name=name, namespace=kube.namespace)
    if kube.get(where) is None:
        raise ClusterError(f"{name} has no runners yet; `falapp status {name}` says why")
    body = {"spec": {"template": {"metadata": {"annotations": {_RESTARTED: now}}}}}
    kube.patch(where, body)
    return "gets new runners, one after the other"


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

"""Logs of runners and of builds."""

import queue
import threading
import time
from collections.abc import Iterator

from falapp_cli.errors import ClusterError
from falapp_cli.kube import app as apps
from falapp_operator.api import meta
from falapp_operator.api.environment import EnvironmentSpec
from falapp_operator.api.objects import Object, ref
from falapp_operator.environment import key, manifest
from falapp_operator.runner.pod import CONTAINER

_INTERVAL = 1.0
_BEGAN = {"running", "terminated"}


def runners(kube: apps.Reader, app: Object, *, follow: bool, tail: int) -> Iterator[str]:
    """Yield the lines of an app's runners, each with its pod's name where there are several.

    Raises:
        ClusterError: No runner has been started.
    """
    name, namespace = app["metadata"]["name"], app["metadata"]["namespace"]
    names = [p["metadata"]["name"] for p in apps.pods(kube, app) if CONTAINER in _started(p)]
    if not names:
        raise ClusterError(
            f"no runner of {name} has started yet; `falapp status {name}` says why, and `falapp "
            f"logs {name} --build` shows how its packages are built"
        )
    if len(names) == 1:
        yield from kube.logs(namespace, names[0], CONTAINER, follow=follow, tail=tail)
        return
    if not follow:
        for pod in names:
            lines = kube.logs(namespace, pod, CONTAINER, tail=tail)
            yield from (f"{pod}  {line}" for line in lines)
        return
    yield from _together(kube, namespace, names, tail)


def _together(kube: apps.Reader, namespace: str, names: list[str], tail: int) -> Iterator[str]:
    lines: queue.Queue[str | None] = queue.Queue(maxsize=1000)

    def read(pod: str) -> None:
        try:
            for line in kube.logs(namespace, pod, CONTAINER, follow=True, tail=tail):
                lines.put(f"{pod}  {line}")
        except ClusterError as error:
            lines.put(f"{pod}  ({error})")
        lines.put(None)

    for pod in names:
        threading.Thread(target=read, args=(pod,), daemon=True).start()
    ended = 0
    while ended < len(names):
        line = lines.get()
        if line is None:
            ended += 1
        else:
            yield line


def build(
    kube: apps.Reader, app: Object, *, follow: bool, tail: int, namespace: str
) -> Iterator[str]:
    """Yield the lines of the last build of an app's environment, step by step.

    Raises:
        ClusterError: There is no build to see.
    """
    found = [p for name in _names(kube, app) for p in _pods(kube, namespace, name)]
    if not found:
        raise ClusterError(
            f"{app['metadata']['name']}: there is no build in namespace {namespace} any more, or "
            "none was needed; `falapp env show` tells what it came to"
        )
    pod = max(found, key=lambda p: p["metadata"].get("creationTimestamp", ""))
    for step in _steps(kube, pod, follow=follow):
        lines = kube.logs(namespace, pod["metadata"]["name"], step, follow=follow, tail=tail)
        yield from (f"{step}  {line}" for line in lines)


def _names(kube: apps.Reader, app: Object) -> Iterator[str]:
    """Yield the names of the Environments that are built for an app, its Dockerfile's as well."""
    name = (app.get("status") or {}).get("environment", {}).get("name", "")
    if not name:
        return
    yield name
    made = apps.environment(kube, app)
    if made and made["spec"].get("dockerfile"):
        spec = EnvironmentSpec.model_validate(made["spec"])
        yield key.name(manifest.base_of(spec), made["metadata"]["namespace"])


def _pods(kube: apps.Reader, namespace: str, environment: str) -> tuple[Object, ...]:
    return kube.list("v1", "Pod", namespace, labels=f"{meta.LABEL_ENVIRONMENT}={environment}")


def _steps(kube: apps.Reader, pod: Object, *, follow: bool) -> Iterator[str]:
    """Yield the steps of a build that have begun, in order; to follow it, each when it begins."""
    told: set[str] = set()
    # One runs beside the others for as long as they do: following it would keep them from us.
    beside = {c["name"] for c in pod["spec"].get("initContainers", ()) if "restartPolicy" in c}
    left_out = beside if follow else set()
    current: Object | None = pod
    while current is not None:
        new = [name for name in _started(current) if name not in told | left_out]
        yield from new
        told.update(new)
        over = current.get("status", {}).get("phase") in ("Succeeded", "Failed")
        if not follow or (over and not new):
            return
        if not new:
            time.sleep(_INTERVAL)
        current = kube.get(ref(pod))


def _started(pod: Object) -> list[str]:
    """Return the containers that have a log: they run, or have, or will again."""
    status = pod.get("status", {})
    statuses = (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ()))
    return [c["name"] for c in statuses if _BEGAN & set(c.get("state", {})) or c["restartCount"]]

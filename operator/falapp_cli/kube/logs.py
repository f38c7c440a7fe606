"""Logs of runners and of builds."""

import queue
import threading
from collections.abc import Iterator

from falapp_cli.errors import ClusterError
from falapp_cli.kube import app as apps
from falapp_operator.api import meta
from falapp_operator.api.objects import Object
from falapp_operator.runner.pod import CONTAINER


def runners(kube: apps.Reader, app: Object, *, follow: bool, tail: int) -> Iterator[str]:
    """Yield the lines of an app's runners, each with its pod's name where there are several.

    Raises:
        ClusterError: No runner has been started.
    """
    found = apps.pods(kube, app)
    name = app["metadata"]["name"]
    if not found:
        raise ClusterError(
            f"{name} has no runner yet; `falapp status {name}` says why, and `falapp logs {name} "
            "--build` shows how its packages are built"
        )
    namespace = app["metadata"]["namespace"]
    names = [p["metadata"]["name"] for p in found]
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
    environment = (app.get("status") or {}).get("environment", {}).get("name", "")
    found = kube.list("v1", "Pod", namespace, labels=f"{meta.LABEL_ENVIRONMENT}={environment}")
    if not environment or not found:
        raise ClusterError(
            f"{app['metadata']['name']}: there is no build in namespace {namespace} any more, or "
            "none was needed; `falapp env show` tells what it came to"
        )
    pod = max(found, key=lambda p: p["metadata"].get("creationTimestamp", ""))
    for step in _started(pod):
        lines = kube.logs(namespace, pod["metadata"]["name"], step, follow=follow, tail=tail)
        yield from (f"{step}  {line}" for line in lines)


def _started(pod: Object) -> list[str]:
    status = pod.get("status", {})
    statuses = (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ()))
    began = {"running", "terminated"}
    return [c["name"] for c in statuses if began & set(c.get("state", {}))]

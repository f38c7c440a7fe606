"""`falapp deploy`: apply, and follow."""

import sys
from typing import Protocol

from falapp_cli import report
from falapp_cli.errors import CliError
from falapp_cli.kube import app as apps
from falapp_cli.live.follow import Screen, follow
from falapp_cli.live.view import Phase
from falapp_operator.api.objects import Object


class Writer(apps.Reader, Protocol):
    """A cluster that can be applied to."""

    def apply(self, desired: Object, *, force: bool = False) -> Object:
        """Apply an object."""


def deploy(
    kube: Writer,
    app: Object,
    *,
    wait: bool = True,
    force: bool = False,
    timeout: float = float("inf"),
    screen: Screen | None = None,
) -> int:
    """Apply an app, follow it until it is ready, and return the exit code."""
    metadata = app["metadata"]
    name, namespace = metadata["name"], metadata.get("namespace") or kube.namespace
    kube.namespace = namespace
    applied = kube.apply(app | {"metadata": metadata | {"namespace": namespace}}, force=force)
    generation = applied["metadata"].get("generation", 1)
    report.note(
        f"applied falapp.falapp.dev/{name} in namespace {namespace}, generation {generation}"
    )
    if not wait:
        return 0
    try:
        ended = follow(kube, name, timeout=timeout, screen=screen)
    except KeyboardInterrupt:
        again = f"{apps.status_command(kube, name)} --watch"
        report.note(f"{name} goes on without being watched; come back with `{again}`")
        return 130
    if ended.phase is Phase.READY:
        sys.stdout.flush()
        return 0
    if (applied.get("status") or {}).get("observedGeneration") == generation:
        report.note(
            f"nothing of it is new: that is how {name} was before; after what it waits for has "
            f"been mended, `falapp restart {name} -n {namespace}` tries again"
        )
    return CliError.code

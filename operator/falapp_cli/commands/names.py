"""Names that a shell completes: what the cluster has, of the context and namespace typed so far."""

import contextlib

import typer

from falapp_cli.errors import CliError

_SECONDS = 3
"""Who waits for a completion does not wait for a cluster that is far away."""


def apps(context: typer.Context, incomplete: str) -> list[str]:
    """Return the apps that begin so."""
    return _named(context, incomplete, "FalApp")


def environments(context: typer.Context, incomplete: str) -> list[str]:
    """Return the environments that begin so, and the apps, which stand for theirs."""
    return _named(context, incomplete, "FalApp", "Environment")


def _named(context: typer.Context, incomplete: str, *kinds: str) -> list[str]:
    from falapp_cli.kube.client import Kube
    from falapp_operator.api import meta

    given, found = context.params, []
    # A shell that completes is no place for errors: the command itself will tell them.
    with contextlib.suppress(CliError):
        kube = Kube.connect(
            given.get("context") or "", given.get("namespace") or "", seconds=_SECONDS
        )
        for kind in kinds:
            listed = kube.list(meta.API_VERSION, kind, kube.namespace)
            found += [o["metadata"]["name"] for o in listed]
    return [name for name in found if name.startswith(incomplete)]

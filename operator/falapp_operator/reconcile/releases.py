"""Giving up Environments of before: each goes with the last app that owns it. Pure."""

from collections.abc import Iterable, Iterator

from falapp_operator.api import meta
from falapp_operator.api.environment import EnvironmentSpec, status_of
from falapp_operator.api.objects import Object, annotation
from falapp_operator.environment import manifest
from falapp_operator.reconcile import claims, verdict
from falapp_operator.reconcile.snapshot import Snapshot


def superseded(seen: Snapshot) -> tuple[Object, ...]:
    """Return former Environments that have no image, and of which no runner was made.

    Nobody waits for them any more, and their builds take the places of those that are waited for.
    One that has runners may be without an image, too: while a vanished one is built anew.
    """
    live = seen.deployment
    runs = annotation(live, meta.ANNOTATION_ENVIRONMENT) if live else ""
    if live and not runs:
        return ()
    return tuple(
        e
        for e in seen.former_environments
        if e["metadata"]["name"] != runs and not verdict.is_ready(status_of(e))
    )


def released(app: Object, given_up: Iterable[Object]) -> Iterator[tuple[Object, Object]]:
    """Yield what Environments are, and shall be, that others go on using without ``app``."""
    for live in given_up:
        owners = _others(live, app)
        if owners:
            spec = EnvironmentSpec.model_validate(live["spec"])
            wanted = manifest.environment(spec, live["metadata"]["namespace"], owners)
            wanted["metadata"]["name"] = live["metadata"]["name"]
            yield live, claims.kept(wanted, live)


def unowned(app: Object, given_up: Iterable[Object]) -> tuple[Object, ...]:
    """Return the Environments that nobody but ``app`` uses."""
    return tuple(e for e in given_up if not _others(e, app))


def _others(live: Object, app: Object) -> list[Object]:
    uid = app["metadata"]["uid"]
    return [o for o in live["metadata"].get("ownerReferences", ()) if o["uid"] != uid]

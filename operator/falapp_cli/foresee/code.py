"""Code from git, as far as it is known here: the operator asks the server, a plan does not."""

from collections.abc import Iterator

from falapp_cli.foresee import warnings
from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.api.objects import Object
from falapp_operator.settings import Settings

_FIELD = "spec.source.git"


def commit(spec: FalAppSpec, live: Object | None) -> str:
    """Return the commit of a git source; empty without one, words where it is unknown here.

    Args:
        spec: The app's.
        live: The FalApp in the cluster, whose status tells which commit a branch was.
    """
    source = spec.source.git
    if source is None or source.commit:
        return source.commit if source else ""
    before = (live or {}).get("status", {}).get("source") or {}
    if (before.get("url"), before.get("ref", "")) == (source.url, source.ref or ""):
        return str(before["commit"])
    return f"<commit of {source.ref or 'the default branch'}>"


def unknown(
    spec: FalAppSpec, live: Object | None, settings: Settings
) -> Iterator[warnings.Warning]:
    """Yield what a plan does not know of a git source."""
    found = commit(spec, live)
    if found.startswith("<"):
        yield warnings.Warning(
            reason="CommitUnknown",
            field=f"{_FIELD}.ref",
            message=f"the operator asks the git server for it, so {found} stands in its place; "
            "give the full commit as ref to have it here, too",
        )
    if found and settings.custom_ca:
        yield warnings.Warning(
            reason="CertificatesUnknown",
            field=_FIELD,
            message="the operator's customCA is a file in its pod, so the ConfigMap by which "
            "runners trust the git server is left out here",
        )

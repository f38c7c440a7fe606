"""What the API server refuses, as one sentence with a way out."""

import json
import re
from typing import Any

from falapp_cli.errors import ClusterError, ForbiddenError, MissingError, UnavailableError
from falapp_operator.api import meta


class ConflictError(ClusterError):
    """Others manage fields that are to be applied.

    Attributes:
        managers: Their names.
    """

    def __init__(self, message: str, managers: frozenset[str]) -> None:
        super().__init__(message)
        self.managers = managers


def refusal(host: str, method: str, where: str, status: int, content: bytes) -> ClusterError:
    """Return the error for an answer.

    Args:
        host: Where the cluster is.
        method: What was asked.
        where: The path that it was asked of.
        status: The answer's.
        content: The answer's: a Status object, or the words of a proxy.
    """
    value, said = _read(content)
    if re.search(r"/secrets(/|$)", where) and status not in (401, 403, 404):
        said = "its words are left out, since they may quote the Secret"
    if status == 401:
        return ClusterError(f"the cluster at {host} does not know you (401); log in again")
    if status == 403:
        return _forbidden(host, said)
    if status == 404:
        return _missing(host, where, value, said)
    if status == 409 and method == "PATCH":
        return _conflict(value, said)
    if status == 429 or status >= 500:
        return UnavailableError(f"the cluster cannot do it now ({status}): {said}; try again")
    return ClusterError(f"the cluster refuses it ({status}): {said}")


def words(error: Exception) -> str:
    """Return what a library says of an error, in one line."""
    text = " ".join(str(getattr(error, "reason", None) or error).split())
    return (text or type(error).__name__)[:300]


def _read(content: bytes) -> tuple[dict[str, Any], str]:
    try:
        value = json.loads(content)
        said = str(value["message"])
    except (ValueError, KeyError, TypeError):
        value, said = {}, content[:200].decode(errors="replace")
    return value, " ".join(said.split())


def _forbidden(host: str, said: str) -> ClusterError:
    if '"system:anonymous"' in said:
        return ForbiddenError(
            f"the cluster at {host} was given no login: {said}; log in, or choose another --context"
        )
    return ForbiddenError(f"you may not do this: {said}; ask for a role that allows it")


def _missing(host: str, where: str, value: dict[str, Any], said: str) -> ClusterError:
    details = value.get("details") or {}
    if f"/apis/{meta.GROUP}/" in where and not details.get("name"):
        return ClusterError(
            f"falapp is not installed in the cluster at {host}: it has no kinds of falapp.dev; "
            "install the chart (helm install falapp …), or choose another --context"
        )
    if details.get("kind") == "namespaces":
        name = details.get("name")
        return MissingError(
            f"there is no namespace {name}; `kubectl create namespace {name}` makes it, or give "
            "another by -n"
        )
    return MissingError(said)


def _conflict(value: dict[str, Any], said: str) -> ConflictError:
    causes = (value.get("details") or {}).get("causes") or ()
    found = (re.search(r'conflict with "([^"]+)"', str(c.get("message", ""))) for c in causes)
    return ConflictError(
        f"another tool manages a field of it: {said}; change it there (as in Git), remove the "
        "field here, or take it over with --force",
        frozenset(match[1] if match else "" for match in found),
    )

"""Which commit an app's branch or tag is now.

It is asked once an interval and not with every pass, and one answer holds for all replicas: the
commit stands in the pod template, so a branch that moved is a new revision.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from falapp_operator.api import meta
from falapp_operator.api.conditions import Reason
from falapp_operator.api.objects import Object, Ref, annotation
from falapp_operator.api.source import GitSource
from falapp_operator.cluster.git import Login, check_url
from falapp_operator.errors import ForbiddenError, UserError
from falapp_operator.reconcile.queue import Key

if TYPE_CHECKING:
    from falapp_operator.reconcile.context import Context

TOKEN_USER = "x-token-auth"  # noqa: S105 - a user name
AGAIN = 30.0
"""Seconds after which is asked again what could not be answered."""
_SOON = timedelta(seconds=10)
_FIELD = "spec.source.git.secretRef"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Which commit an app is to have."""

    commit: str | UserError = ""
    """The commit, or why none is known; empty without git."""
    trouble: UserError | None = None
    """Why the branch or tag cannot be asked for now, where the commit is the one of before."""


@dataclass(frozen=True, kw_only=True)
class _Held:
    asked: tuple[object, ...]
    answer: Answer
    since: datetime


class Commits:
    """The last answer for each app; losing it costs one more question."""

    def __init__(self) -> None:
        self._held: dict[Key, _Held] = {}

    async def of(self, context: "Context", app: Object, source: GitSource | None) -> Answer:
        """Return the commit that ``app`` is to have."""
        if source is None:
            return Answer()
        if source.commit:
            return _given(source)
        now, metadata = context.now(), app["metadata"]
        key = Key("FalApp", metadata["namespace"], metadata["name"])
        asked = (
            metadata["uid"],
            source,
            annotation(app, meta.ANNOTATION_RETRY),
        )
        held = self._held.get(key)
        if held and held.asked == asked and now - held.since < self._age(context, held):
            return held.answer
        answer = await _ask(context, app, source)
        self._held[key] = _Held(asked=asked, answer=answer, since=now)
        return answer

    def forget(self, key: Key) -> None:
        """Drop what is known of an app that is gone."""
        self._held.pop(key, None)

    @staticmethod
    def _age(context: "Context", held: _Held) -> timedelta:
        # A little less than an interval, or the pass at its end would find the answer fresh.
        whole = timedelta(seconds=context.settings.resync_seconds) - _SOON / 2
        failed = held.answer.trouble or isinstance(held.answer.commit, UserError)
        return min(_SOON, whole) if failed else whole


def _given(source: GitSource) -> Answer:
    try:
        check_url(source.url)
    except UserError as error:
        return Answer(commit=error)
    return Answer(commit=source.commit)


async def _ask(context: "Context", app: Object, source: GitSource) -> Answer:
    try:
        check_url(source.url)
        login = await _login(context, app["metadata"]["namespace"], source)
        return Answer(commit=await context.git.commit(source.url, source.ref or "", login))
    except UserError as error:
        before = app.get("status", {}).get("source") or {}
        same = (before.get("url"), before.get("ref", "")) == (source.url, source.ref or "")
        # A running app is scaled and changed as ever; whom it may read is the pods' to find out.
        return Answer(commit=str(before["commit"]), trouble=error) if same else Answer(commit=error)


async def _login(context: "Context", namespace: str, source: GitSource) -> Login | None:
    if source.secret_ref is None:
        return None
    name = source.secret_ref.name
    try:
        secret = await context.cluster.get(
            Ref(api_version="v1", kind="Secret", namespace=namespace, name=name)
        )
    except ForbiddenError as error:
        raise _missing(
            f"the operator may not read Secret {name!r} in namespace {namespace} to look what the"
            f" branch or tag is; add {namespace} to requirementSecrets.namespaces of the operator's"
            " chart, or give a full commit as ref"
        ) from error
    if secret is None:
        raise _missing(f"there is no Secret {name!r} in namespace {namespace}; create it")
    data = secret.get("data") or {}
    user = _text(data, "username", name)
    password = _text(data, "token", name) or _text(data, "password", name)
    if not password:
        raise _missing(f"Secret {name!r} in namespace {namespace} has no key 'token'; add it")
    return user or TOKEN_USER, password


def _text(data: Object, key: str, name: str) -> str:
    try:
        return base64.b64decode(data.get(key, ""), validate=True).decode().rstrip("\r\n")
    except (binascii.Error, UnicodeDecodeError):
        # Without a cause: it would hold the value.
        raise _missing(f"the value at key {key!r} of Secret {name!r} is not text") from None


def _missing(message: str) -> UserError:
    return UserError(Reason.SECRET_NOT_FOUND, f"{_FIELD}: {message}")

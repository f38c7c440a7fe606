"""What every answer is given on its way out: what fal's middlewares and its gateway add."""

import platform
from typing import Any

import fal

from falapp_runner.serving import context, errors, exchange, known, logs

SERVED_FROM = (b"x-fal-served-from", platform.node().encode())


class Additions:
    """The headers of one app's answers."""

    def __init__(self, app: Any, *, keeps_context: bool) -> None:
        self._app = app
        self._keeps_context = keeps_context
        self._may_hint = getattr(type(app), "provide_hints", None) is not fal.App.provide_hints
        self.draining = False
        """Whether answers ask for the connection to be closed, so that nothing more comes on it."""

    def add(self, one: exchange.Exchange, message: exchange.Message) -> None:
        """Add our headers to an answer, and take out what is meant for us."""
        added = list(message["headers"])
        for pair in message["headers"]:
            if pair[0] == exchange.STOP_RUNNER:
                one.stop_runner = pair[1] == b"true"
                added.remove(pair)
            elif pair[0] == context.REQUEST_ID:
                added.remove(pair)
        added.append((context.REQUEST_ID, context.request_id.get().encode("latin-1")))
        added.append(SERVED_FROM)
        if self.draining:
            added.append((b"connection", b"close"))
        if errors.UNHANDLED not in one.scope:
            self._add_as_fal(one, added)
        message["headers"] = added

    def _add_as_fal(self, one: exchange.Exchange, added: list[tuple[bytes, bytes]]) -> None:
        if one.varies:
            already = [pair for pair in added if pair[0] == b"vary"]
            for pair in already:
                added.remove(pair)
            added.append((b"vary", b", ".join([*(value for _, value in already), b"Origin"])))
        if self._keeps_context:
            added += self._hints()
            if one.context is not None and (token := one.context.new_token):
                added.append((context.CDN_TOKEN.encode(), token.encode("latin-1")))

    def _hints(self) -> list[tuple[bytes, bytes]]:
        if not self._may_hint:
            return []
        try:
            hints = self._app.provide_hints()
            fit = [hint.encode("latin-1", "ignore") for hint in hints if known.in_latin_1(hint)]
        except NotImplementedError:  # no hints, which differs from an empty list of them
            return []
        except Exception as error:
            logs.say(f"provide_hints() raised {type(error).__name__}: {error}", level="ERROR")
            return []
        return [(b"x-fal-runner-hints", b",".join(fit))]

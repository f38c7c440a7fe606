"""An answer of the API server: the object, or which error of the operator's it is."""

import json
import re
from dataclasses import dataclass
from typing import Any

from falapp_operator import errors

_SECRETS = re.compile(r"/namespaces/[^/]+/secrets(/|$)")


@dataclass(frozen=True)
class Answer:
    """What the API server, or something on the way to it, answered."""

    status: int
    retry_after: str | None
    content: bytes

    @property
    def asked_pause(self) -> float:
        """The seconds that the API server asks us to wait; 0 if it does not ask."""
        named = self.retry_after is not None
        if self.status != 429 and not (named and self.status >= 500):
            return 0.0
        try:
            # As a date it would be a proxy's; the API server writes seconds.
            return max(1.0, min(3600.0, float(self.retry_after or 1)))
        except ValueError:
            return 1.0

    def value(self, method: str, where: str) -> Any:
        """Return the object that was answered.

        Raises:
            FalappError: The answer is none.
        """
        try:
            value = json.loads(self.content)
        except ValueError:
            value = None
        if 200 <= self.status < 300 and isinstance(value, dict):
            return value
        raise self._error(method, where, value)

    def _error(self, method: str, where: str, value: Any) -> errors.FalappError:
        status, message = self.status, _words(where, value, self.content)
        text = f"{method} {where}: {status} {message}"
        if (
            status == 404
            and method in ("POST", "PATCH")
            and not where.endswith(("/status", "/scale"))
        ):
            # Both create what is not there: it is the namespace that is missing.
            return errors.RefusedError(text, message)
        if status == 404:
            return errors.MissingError(text)
        if status == 409:
            return errors.ConflictError(text)
        if status in (400, 403, 422) and method != "GET":
            return errors.RefusedError(f"{method} {where}: refused with {status}", message)
        if status == 403:
            return errors.ForbiddenError(text)
        return errors.TransientError(text, pause=self.asked_pause)


def _words(where: str, value: Any, content: bytes) -> str:
    """Return what the API server says of a failure; of Secrets nothing, it may quote values."""
    if _SECRETS.search(where):
        return "see the API server's log"
    if isinstance(value, dict) and "message" in value:
        return str(value["message"])
    return content[:200].decode(errors="replace")

"""`self.current_request`, and what else an endpoint reads of its request without asking for it."""

import contextvars
import importlib
from typing import Any

from fal import app as fal_app

REQUEST_ID = b"x-fal-request-id"
CDN_TOKEN = "x-fal-cdn-token"  # noqa: S105 - a header's name
LIFECYCLE = b"x-fal-object-lifecycle-preference"
UPLOAD_POLICY = b"x-app-fal-upload-policy"

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("falapp_request_id", default="")
"""The id of the request that the current task answers, for logs."""


class RequestContext(fal_app.RequestContext):
    """fal's own, whose parts are made of the request's headers when somebody looks."""

    def __init__(self, raw: list[tuple[bytes, bytes]], policy: Any) -> None:
        self._raw = raw
        if policy is not None:
            self.upload_policy = policy

    def __getattr__(self, name: str) -> Any:
        if name == "headers":
            value: Any = decoded(self._raw)
        elif name in ("request_id", "endpoint"):
            value = self.headers.get("x-fal-" + name.replace("_", "-"))
        elif name == "lifecycle_preference":
            value = lifecycle(self.headers)
        else:
            raise AttributeError(name)
        setattr(self, name, value)
        return value

    @property
    def new_token(self) -> str | None:
        """The CDN token that the endpoint put in the place of the one it got."""
        headers = self.__dict__.get("headers")
        if headers is None:  # nobody looked, so nobody changed it
            return None
        token: str | None = headers.get(CDN_TOKEN)
        return token if token and token != decoded(self._raw).get(CDN_TOKEN) else None


def decoded(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers as a dictionary: the first of those that came twice, as starlette has it."""
    found: dict[str, str] = {}
    for key, value in raw:
        found.setdefault(key.decode("latin-1"), value.decode("latin-1"))
    return found


class _Request:
    """As much of a request as fal's own functions look at."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers


def lifecycle(headers: dict[str, str]) -> dict[str, str] | None:
    """Return what the caller wants done with the files that the endpoint makes."""
    found: dict[str, str] | None = importlib.import_module(
        "fal.toolkit.file.file"
    ).request_lifecycle_preference(_Request(headers))
    return found


def remember_lifecycle(preference: dict[str, str] | None) -> None:
    """Have fal.toolkit use it for the files of this request."""
    importlib.import_module("fal.toolkit.file.providers.fal")._LIFECYCLE_PREFERENCE.set(preference)


def policy(headers: dict[str, str]) -> Any:
    """Return where the caller wants the files put; an AppException says what is wrong."""
    return importlib.import_module("fal.toolkit.file._upload_policy").parse_upload_policy(headers)

"""Requests to a registry: sent with patience, and failing with a sentence."""

from collections.abc import Callable, Iterator
from enum import Enum

import httpx

from falapp_builder.pod.failure import Failure, Reason
from falapp_registry.auth import RegistryAuth
from falapp_registry.errors import TokenError

_ATTEMPTS = 4
TIMEOUT = httpx.Timeout(30, read=300, write=300)  # a registry may check a large blob for minutes
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_AWAY = (httpx.RequestError, httpx.InvalidURL)
_DENIED = frozenset({401, 403})


class Use(Enum):
    """What we want of a repository, which decides what a refusal means."""

    BASE = "base"
    """To read a base image."""
    LAYERS = "layers"
    """To see which layers of environments there are."""
    PUSH = "push"
    """To push."""


_DENIALS = {
    Use.BASE: Reason.BASE_IMAGE_UNUSABLE,
    Use.LAYERS: Reason.REGISTRY_UNREACHABLE,
    Use.PUSH: Reason.PUSH_DENIED,
}
_SECRETS = {
    Use.BASE: (
        "image.pullSecret of the FalApp, or in registry.pullSecret of the operator's chart",
        "read",
    ),
    Use.LAYERS: ("registry.pullSecret of the operator's chart", "read"),
    Use.PUSH: ("registry.pushSecret of the operator's chart", "push to"),
}
"""Where credentials belong, and what they must allow."""


class Exchange:
    """What is said to one repository, and what its answers mean for a build.

    Args:
        client: What speaks HTTP.
        name: Registry and repository, for messages.
        use: What we want there.
        pause: How to wait a number of seconds before the next attempt.
    """

    def __init__(
        self, client: httpx.Client, name: str, *, use: Use, pause: Callable[[float], None]
    ) -> None:
        self._client = client
        self._host, _, self._repository = name.partition("/")
        self._use = use
        self._pause = pause

    def request(
        self,
        method: str,
        url: httpx.URL | str,
        headers: dict[str, str] | None = None,
        content: bytes | Iterator[bytes] | None = None,
    ) -> httpx.Request:
        """Return a request, to be sent."""
        return self._client.build_request(
            method, url, headers=headers, content=content, timeout=TIMEOUT
        )

    def send(
        self, request: httpx.Request, *, follow: bool = False, stream: bool = False
    ) -> httpx.Response:
        """Send a request once, without patience."""
        return self._client.send(request, follow_redirects=follow, stream=stream)

    def ask(
        self, request: httpx.Request, what: str, *, follow: bool = False, stream: bool = False
    ) -> httpx.Response:
        """Return the answer to a request that can be sent again and again.

        Raises:
            Failure: The registry is away, or who gives tokens for it refuses.
        """
        return self.patiently(lambda: self.send(request, follow=follow, stream=stream), what)

    def patiently(self, attempt: Callable[[], httpx.Response], what: str) -> httpx.Response:
        """Return the answer, trying again while the registry is away or says so.

        Raises:
            Failure: The registry is away, or who gives tokens for it refuses.
        """
        for seconds in (2.0**n for n in range(_ATTEMPTS - 1)):
            try:
                answer = attempt()
            except _AWAY:
                self._pause(seconds)
                continue
            except TokenError as error:
                if error.status not in _LATER:
                    raise self._failure(error.status, what, str(error)) from error
                self._pause(seconds)
                continue
            if answer.status_code not in _LATER:
                return answer
            answer.close()
            self._pause(seconds)
        try:
            return attempt()
        except _AWAY as error:
            raise self._away(error, what) from error
        except TokenError as error:
            raise self._failure(error.status, what, str(error)) from error

    def refused(self, answer: httpx.Response, what: str) -> Failure:
        """Return the failure that an answer means."""
        return self._failure(answer.status_code, what, f"{answer.status_code} {_said(answer)}")

    def wrong(self, what: str) -> Failure:
        """Return the failure of a registry that gives something else than was asked for."""
        message = f"the registry {self._host} did not {what}, but other bytes: try again later"
        return Failure(Reason.REGISTRY_UNREACHABLE, message)

    def _failure(self, status: int, what: str, said: str) -> Failure:
        message = f"the registry {self._host} refused to {what}: {said.rstrip()}"
        if status in _LATER:
            return Failure(Reason.REGISTRY_UNREACHABLE, f"{message}; try again later")
        if status in _DENIED:
            return Failure(_DENIALS[self._use], f"{message}; {self._way_in()}")
        base = self._use is Use.BASE
        reason = Reason.BASE_IMAGE_UNUSABLE if base else Reason.PUBLISH_FAILED
        return Failure(reason, f"{message}; check the repository {self._repository}")

    def _way_in(self) -> str:
        auth = self._client.auth
        stranger = not isinstance(auth, RegistryAuth) or auth.stranger
        secret, right = _SECRETS[self._use]
        if stranger:
            return f"we came without a login: name a Secret that holds one in {secret}"
        return (
            f"a login was sent: check that it is current, and give it the right to {right}"
            f" {self._repository}, or name another Secret in {secret}"
        )

    def _away(self, error: Exception, what: str) -> Failure:
        detail = str(error).strip() or type(error).__name__
        message = f"the registry {self._host} did not answer when asked to {what} ({detail})"
        return Failure(Reason.REGISTRY_UNREACHABLE, f"{message}: check that builds can reach it")


def _said(answer: httpx.Response) -> str:
    """Return the codes of a registry's error document."""
    try:
        errors = answer.json()["errors"]
        return " ".join(str(error["code"]) for error in errors)[:200]
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase

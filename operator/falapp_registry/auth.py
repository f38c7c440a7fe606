"""The dance for a token, for httpx's clients of both kinds.

A registry says in a 401 what it wants: a password with every request, or a token of a service that
it names, which public ones want of strangers, too. Credentials go to the registry and to that
service, never to where blobs are redirected to, and into no error.
"""

import re
import time
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass

import httpx

from falapp_registry.challenge import Challenge, best
from falapp_registry.credentials import Login
from falapp_registry.errors import TokenError

_CLIENT = "falapp"
_SECONDS = 60  # how long a token is good for that does not say
_MARGIN = 10  # a token that ends while a request is on its way is of no use
_WORD = re.compile(r"[!-~]+")
_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, kw_only=True)
class _Held:
    header: str
    until: float


class RegistryAuth(httpx.Auth):
    """Gets requests to one registry through; what goes elsewhere is left as it is.

    Args:
        address: The registry, as https://registry.example.
        login: Tells who we are there, or None for a stranger; asked each time that the registry
            asks, since credentials in mounted files change.
        clock: The time in seconds, from anywhen.
    """

    def __init__(
        self,
        address: str,
        login: Callable[[], Login | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._origin = _origin(httpx.URL(address))
        self._secure = httpx.URL(address).scheme == "https"
        self._login = login
        self._clock = clock
        self._held: dict[bool, _Held] = {}
        """What the registry took last, for reading and for writing."""

    @property
    def stranger(self) -> bool:
        """Whether there is no login for the registry."""
        return self._login() is None

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Send a request; ends with the answer to it.

        Raises:
            TokenError: The registry wants a token, and there is none.
        """
        flow = self.auth_flow(request)
        sent = next(flow)
        while True:
            response = yield sent
            if sent is not request:
                response.read()  # a token; the bytes of a blob are the caller's
            try:
                sent = flow.send(response)
            except StopIteration:
                return

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send a request; ends with the answer to it.

        Raises:
            TokenError: The registry wants a token, and there is none.
        """
        flow = self.auth_flow(request)
        sent = next(flow)
        while True:
            response = yield sent
            if sent is not request:
                await response.aread()
            try:
                sent = flow.send(response)
            except StopIteration:
                return

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield the request, a request for a token if one is wanted, and the request again."""
        if _origin(request.url) != self._origin:
            yield request
            return
        reading = request.method in _READING
        held = self._held.get(reading)
        if held and self._clock() < held.until:
            request.headers["Authorization"] = held.header
        response = yield request
        # A storage service that a redirect led to is not who our credentials are for.
        if response.status_code != 401 or _origin(response.url) != self._origin:
            return
        self._held.pop(reading, None)
        challenge = best(response.headers.get_list("WWW-Authenticate"))
        # What was streamed is gone, and only who streams it can do so anew.
        if challenge is None or not isinstance(request.stream, httpx.ByteStream):
            return
        login = self._login() or Login()
        if challenge.scheme == "basic":
            fresh = _Held(header=login.basic, until=float("inf"))
        else:
            fresh = self._token((yield self._asking(challenge, login, request)))
        if not fresh.header:
            return
        self._held[reading] = fresh
        request.headers["Authorization"] = fresh.header
        yield request

    def _asking(self, challenge: Challenge, login: Login, request: httpx.Request) -> httpx.Request:
        """Return the request for a token."""
        realm = self._realm(challenge)
        extensions = {k: v for k, v in request.extensions.items() if k == "timeout"}
        service = challenge.parameters.get("service", "")
        if login.token:
            form = {
                "grant_type": "refresh_token",
                "service": service,
                "client_id": _CLIENT,
                "scope": " ".join(challenge.scopes),
                "refresh_token": login.token,
            }
            return httpx.Request("POST", realm, data=form, extensions=extensions)
        asked: dict[str, str | list[str]] = {"service": service, "scope": list(challenge.scopes)}
        headers = {}
        if login.basic:
            headers["Authorization"] = login.basic
            asked["account"] = login.username
        url = realm.copy_merge_params({k: v for k, v in asked.items() if v})
        return httpx.Request("GET", url, headers=headers, extensions=extensions)

    def _realm(self, challenge: Challenge) -> httpx.URL:
        try:
            realm = httpx.URL(challenge.parameters.get("realm", ""))
        except httpx.InvalidURL:
            realm = httpx.URL()
        if realm.host and (
            realm.scheme == "https" or (realm.scheme == "http" and not self._secure)
        ):
            return realm
        message = f"the registry {self._host} names no token service that can be trusted"
        raise TokenError(f"{message}: {realm.scheme}://{realm.host}", 0)

    def _token(self, answer: httpx.Response) -> _Held:
        what = f"the token service {answer.url.host} of the registry {self._host}"
        if answer.status_code != 200:
            raise TokenError(f"{what} answered {answer.status_code}", answer.status_code)
        try:
            said = answer.json()
            token = str(said.get("token") or said["access_token"])
            seconds = float(said.get("expires_in") or _SECONDS)
        # Without its cause: that would quote the answer.
        except (ValueError, TypeError, KeyError, AttributeError):
            raise TokenError(f"{what} gave no token", answer.status_code) from None
        if not _WORD.fullmatch(token):  # as a header it would raise an error that quotes it
            raise TokenError(f"{what} gave no token", answer.status_code)
        return _Held(header=f"Bearer {token}", until=self._clock() + seconds - _MARGIN)

    @property
    def _host(self) -> str:
        return self._origin[1]


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.host, port

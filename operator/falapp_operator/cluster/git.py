"""A git server, asked one question: which commit is this branch or tag?

Over HTTP as git itself asks (gitprotocol-http, protocol version 2, or what older servers answer).
What a server says is shown to nobody: it may be any server that a user names. For the same reason
a question has an end, few are asked at once, and no server sends us to where git would not ask.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self

import httpx

from falapp_operator.api.conditions import Reason
from falapp_operator.cluster import packets, reach
from falapp_operator.errors import UserError
from falapp_operator.settings import Settings

_SERVICE = "git-upload-pack"
_QUERY = f"service={_SERVICE}"
_REFS = "/info/refs"
_SECONDS = 15.0
"""How long a question may take in all."""
_AT_ONCE = 4
"""Questions; fewer than the queue has workers."""
_TURN_SECONDS = 2.0
"""How long one waits for its turn: a worker of the queue waits with it."""
_REDIRECTS = 3
_MOST_BYTES = 4 * 1024 * 1024
_FIELD = "spec.source.git"

Login = tuple[str, str]
"""User name and password."""


class Git:
    """Git servers."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._turns = asyncio.Semaphore(_AT_ONCE)

    @classmethod
    def connect(cls, settings: Settings, to: reach.Reach | None = None) -> Self:
        """Return a client that trusts the system's certificates and the custom ones.

        Args:
            settings: The operator's.
            to: Where it may connect to; `Reach.strict` if None.
        """
        trust = ssl.create_default_context()
        if settings.custom_ca:
            trust.load_verify_locations(settings.custom_ca)
        plain = httpx.AsyncHTTPTransport(
            verify=trust, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )
        return cls(
            httpx.AsyncClient(
                transport=reach.Transport(to or reach.Reach.strict(), plain),
                trust_env=False,
                timeout=httpx.Timeout(10, connect=5),
                # What one user's server sets is not for another's.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def commit(self, url: str, ref: str, login: Login | None) -> str:
        """Return the commit that ``ref`` is now; that of the default branch where it is empty.

        Raises:
            UserError: There is none, or the server does not let us see it, or does not answer.
        """
        check_url(url)
        async with self._turn(url):
            try:
                async with asyncio.timeout(_SECONDS):
                    refs = await self._refs(url.rstrip("/"), ref, login)
            except TimeoutError as error:
                raise _silent(url, f"not within {_SECONDS:g} s") from error
        for name in _names(ref):
            found = refs.get(name + packets.PEELED) or refs.get(name)
            if found:
                return found
        what = f"no branch or tag {ref!r}" if ref else "no default branch"
        raise UserError(
            Reason.SOURCE_NOT_FOUND,
            f"{_FIELD}.ref: {url} has {what}; push it, or give another one or a full commit",
        )

    @contextlib.asynccontextmanager
    async def _turn(self, url: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError as error:
            raise UserError(
                Reason.SOURCE_UNREACHABLE,
                f"{_FIELD}.url: {url} was not asked, as other git servers keep the operator"
                " waiting; it is asked again",
            ) from error
        try:
            yield
        finally:
            self._turns.release()

    async def _refs(self, url: str, ref: str, login: Login | None) -> dict[str, str]:
        told, at, login = await self._advertisement(url, login)
        lines = await _lines(url, told)
        if not lines or lines[0].strip() != b"version 2":
            return await asyncio.to_thread(packets.advertised, lines)
        wanted = "".join(packets.packet(f"ref-prefix {name}\n") for name in _names(ref))
        asked = (
            packets.packet("command=ls-refs\n")
            + "0001"
            + packets.packet("peel\n")
            + wanted
            + "0000"
        )
        where = at.copy_with(path=f"{at.path.removesuffix(_REFS)}/{_SERVICE}", query=None)
        moved = at != _first(url)
        told, _ = await self._read(url, where, login, asked.encode(), moved=moved)
        lines = await _lines(url, told)
        return await asyncio.to_thread(packets.listed, lines)

    async def _advertisement(
        self, url: str, login: Login | None
    ) -> tuple[bytes, httpx.URL, Login | None]:
        """Return what the server has, where that was at last, and the login if it is for there."""
        at = _first(url)
        for hop in range(_REDIRECTS + 1):
            told, location = await self._read(url, at, login, b"", moved=hop > 0)
            if location is None:
                return told, at, login
            there = _followed(at, location)
            if there is None:
                raise _failed_elsewhere(url) if hop else _elsewhere(url)
            if not reach.same_server(at, there):
                login = None
            at = there
        raise _failed_elsewhere(url)

    async def _read(
        self, url: str, where: httpx.URL, login: Login | None, body: bytes, *, moved: bool
    ) -> tuple[bytes, str | None]:
        """Return what the server says, and where it sends us instead, which only a GET may be.

        Where it ``moved``, nothing is told of how it failed: it would be a look at other servers.
        """
        try:
            return await self._exchange(url, where, login, body)
        except (UserError, httpx.HTTPError, reach.UnreachableError, OSError, ValueError) as error:
            if moved:
                raise _failed_elsewhere(url) from error
            if isinstance(error, UserError):
                raise
            if isinstance(error, reach.UnreachableError):
                raise _refused(url) from error
            raise _silent(url, type(error).__name__) from error
        except (httpx.InvalidURL, ExceptionGroup) as error:  # the group: anyio's, of connecting
            raise _failed_elsewhere(url) if moved else _silent(url, "no address") from error

    async def _exchange(
        self, url: str, where: httpx.URL, login: Login | None, body: bytes
    ) -> tuple[bytes, str | None]:
        # Unpacked, a short answer could be a very long one.
        headers = {"Git-Protocol": "version=2", "Accept-Encoding": "identity"}
        if body:
            headers["Content-Type"] = f"application/x-{_SERVICE}-request"
        given = httpx.BasicAuth(*login) if login else None
        async with self._client.stream(
            "POST" if body else "GET", where, headers=headers, content=body, auth=given
        ) as response:
            if response.has_redirect_location and not body:
                return b"", response.headers["Location"]
            _check(url, response.status_code, known=login is not None)
            told = bytearray()
            async for chunk in response.aiter_raw():
                told += chunk
                if len(told) > _MOST_BYTES:
                    raise _too_much(url)
            return bytes(told), None


def check_url(url: str) -> None:
    """Look at what no question is needed for.

    Raises:
        UserError: The URL has a host or a port that no server can have.
    """
    wrong = reach.unusable(url)
    if wrong:
        way_out = (
            "a port is a number from 1 to 65535"
            if wrong == "port"
            else "give the host's name or address, as in https://git.example/team/apps.git"
        )
        raise UserError(
            Reason.INVALID_SPEC, f"{_FIELD}.url: {url} has a {wrong} that cannot be; {way_out}"
        )


async def _lines(url: str, told: bytes) -> list[bytes]:
    # In a thread: the loop goes on meanwhile.
    found = await asyncio.to_thread(packets.lines, told)
    if found is None:
        raise _too_much(url)
    return found


def _first(url: str) -> httpx.URL:
    return httpx.URL(f"{url}{_REFS}?{_QUERY}")


def _followed(at: httpx.URL, location: str) -> httpx.URL | None:
    """Return where a server sends us, if it is where the same question is answered."""
    try:
        there = at.join(location)
    except (httpx.InvalidURL, ValueError):
        return None
    if (
        not there.path.endswith(_REFS)
        or there.query != _QUERY.encode()
        or there.userinfo
        or (at.scheme, there.scheme)
        not in (("http", "http"), ("http", "https"), ("https", "https"))
        or reach.unusable(str(there))
    ):
        return None
    return there


def _silent(url: str, why: str) -> UserError:
    return UserError(
        Reason.SOURCE_UNREACHABLE, f"{_FIELD}.url: {url} did not answer ({why}); it is asked again"
    )


def _refused(url: str) -> UserError:
    return UserError(
        Reason.INVALID_SPEC,
        f"{_FIELD}.url: {url} is where the operator asks nobody: its own machine, a link-local,"
        " metadata or multicast address, or the API server; give the address of a git server",
    )


def _elsewhere(url: str) -> UserError:
    return UserError(
        Reason.SOURCE_NOT_FOUND,
        f"{_FIELD}.url: {url} sends the question elsewhere, and not as a git server does; give the"
        " URL of the repository itself, and a login in secretRef if it is private",
    )


def _failed_elsewhere(url: str) -> UserError:
    return UserError(
        Reason.SOURCE_UNREACHABLE,
        f"{_FIELD}.url: {url} sends the question elsewhere, where the server refuses or answers an"
        " error; give the URL where the repository is now",
    )


def _too_much(url: str) -> UserError:
    return UserError(
        Reason.SOURCE_NOT_FOUND,
        f"{_FIELD}.url: {url} says more than a list of branches; is it a git repository?",
    )


def _check(url: str, status: int, *, known: bool) -> None:
    if status == 200:
        return
    if status in (401, 403, 404):
        way_out = (
            "check that the login in its secretRef may read it"
            if known
            else "give a login in secretRef if it is private"
        )
        raise UserError(
            Reason.SOURCE_NOT_FOUND if status == 404 else Reason.ACCESS_DENIED,
            f"{_FIELD}.url: {url} answers {status}: check the URL, and {way_out}",
        )
    raise UserError(
        Reason.SOURCE_UNREACHABLE, f"{_FIELD}.url: {url} answers {status}; it is asked again"
    )


def _names(ref: str) -> tuple[str, ...]:
    """Return what a short name may stand for, in git's own order."""
    return (ref, f"refs/{ref}", f"refs/tags/{ref}", f"refs/heads/{ref}") if ref else ("HEAD",)

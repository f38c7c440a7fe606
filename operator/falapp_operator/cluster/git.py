"""A git server, asked one question: which commit is this branch or tag?

Over HTTP as git itself asks (gitprotocol-http, protocol version 2, or what older servers answer).
What a server says is shown to nobody: it may be any server that a user names.
"""

import re
import ssl
from collections.abc import Iterator
from typing import Self

import httpx

from falapp_operator.api.conditions import Reason
from falapp_operator.errors import UserError
from falapp_operator.settings import Settings

_SERVICE = "git-upload-pack"
_REFS = f"/info/refs?service={_SERVICE}"
_MOST_BYTES = 32 * 1024 * 1024
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PEELED = "^{}"
_FIELD = "spec.source.git"

Login = tuple[str, str]
"""User name and password."""


class Git:
    """Git servers."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    @classmethod
    def connect(cls, settings: Settings) -> Self:
        """Return a client that trusts the system's certificates and the custom ones."""
        trust = ssl.create_default_context()
        if settings.custom_ca:
            trust.load_verify_locations(settings.custom_ca)
        return cls(
            httpx.AsyncClient(verify=trust, timeout=10, follow_redirects=True, max_redirects=3)
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def commit(self, url: str, ref: str, login: Login | None) -> str:
        """Return the commit that ``ref`` is now; that of the default branch where it is empty.

        Raises:
            UserError: There is none, or the server does not let us see it, or does not answer.
        """
        try:
            refs = await self._refs(url.rstrip("/"), ref, login)
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise UserError(
                Reason.SOURCE_UNREACHABLE,
                f"{_FIELD}.url: {url} did not answer ({type(error).__name__}); it is asked again",
            ) from error
        for name in _names(ref):
            found = refs.get(name + _PEELED) or refs.get(name)
            if found:
                return found
        what = f"no branch or tag {ref!r}" if ref else "no default branch"
        raise UserError(
            Reason.SOURCE_NOT_FOUND,
            f"{_FIELD}.ref: {url} has {what}; push it, or give another one or a full commit",
        )

    async def _refs(self, url: str, ref: str, login: Login | None) -> dict[str, str]:
        told, at = await self._read(url, "GET", f"{url}{_REFS}", login, b"")
        lines = [line for line in _lines(told) if not line.startswith(b"# service=")]
        if not lines or lines[0].strip() != b"version 2":
            return _advertised(lines)
        if (at.scheme, at.netloc) != (httpx.URL(url).scheme, httpx.URL(url).netloc):
            login = None  # it moved to another host: the login is not for that
        wanted = "".join(_packet(f"ref-prefix {name}\n") for name in _names(ref))
        asked = _packet("command=ls-refs\n") + "0001" + _packet("peel\n") + wanted + "0000"
        where = f"{str(at).partition('/info/refs')[0]}/{_SERVICE}"
        answer, _ = await self._read(url, "POST", where, login, asked.encode())
        return _listed(_lines(answer))

    async def _read(
        self, url: str, method: str, where: str, login: Login | None, body: bytes
    ) -> tuple[bytes, httpx.URL]:
        """Return what the server says, and where it was at last."""
        headers = {"Git-Protocol": "version=2"}
        if body:
            headers["Content-Type"] = f"application/x-{_SERVICE}-request"
        given = httpx.BasicAuth(*login) if login else None
        async with self._client.stream(
            method, where, headers=headers, content=body, auth=given
        ) as response:
            _check(url, response.status_code, known=login is not None)
            told = bytearray()
            async for chunk in response.aiter_bytes():
                told += chunk
                if len(told) > _MOST_BYTES:
                    raise UserError(
                        Reason.SOURCE_NOT_FOUND,
                        f"{_FIELD}.url: {url} says more than a list of branches; is it a git"
                        " repository?",
                    )
            return bytes(told), response.url


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


def _packet(text: str) -> str:
    return f"{len(text) + 4:04x}{text}"


def _lines(told: bytes) -> Iterator[bytes]:
    """Yield the packets of git's wire format, up to where it is none any more."""
    at = 0
    while at + 4 <= len(told):
        try:
            length = int(told[at : at + 4], 16)
        except ValueError:
            return
        if length >= 4:
            yield told[at + 4 : at + length].rstrip(b"\n")
        at += max(length, 4)


def _listed(lines: Iterator[bytes]) -> dict[str, str]:
    """Read the answer of protocol version 2: commit, name, and what a tag points at."""
    refs: dict[str, str] = {}
    for line in lines:
        commit, name, *attributes = [*line.decode("utf-8", "replace").split(" "), ""]
        if _COMMIT.fullmatch(commit):
            refs[name] = commit
        for attribute in attributes:
            kind, _, value = attribute.partition(":")
            if kind == "peeled" and _COMMIT.fullmatch(value):
                refs[name + _PEELED] = value
    return refs


def _advertised(lines: list[bytes]) -> dict[str, str]:
    """Read the answer of the first protocol: all that there is, tags peeled beside themselves."""
    refs: dict[str, str] = {}
    for line in lines:
        commit, _, name = line.partition(b"\0")[0].decode("utf-8", "replace").partition(" ")
        if _COMMIT.fullmatch(commit):
            refs[name] = commit
    return refs

"""One file from a server to the disk: patiently, verified, and with a login for no other server."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from falapp_builder.plan.access import Access, Address, origin
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.packages import File

_ATTEMPTS = 4
_REDIRECTS = 10
_CHUNK = 1 << 20
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_MOVED = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_PLAIN = {"Accept-Encoding": "identity"}
_TOKEN = "check the token, and that it may read there"  # noqa: S105 - an advice, not a secret


T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 - no error of this file's
    """Another file cannot be had, so this one is not needed."""


class _Transient(Exception):  # noqa: N818 - never leaves this file
    """A server was away or busy; the text says how."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A file on the disk."""

    sha256: str
    """Its digest, in hexadecimal."""
    size: int
    """In bytes."""


class Fetcher:
    """Fetches files; several threads may use it at once.

    Args:
        client: What speaks HTTP, without credentials of its own.
        access: The credentials.
        pause: How to wait a number of seconds before the next attempt.
    """

    def __init__(
        self,
        client: httpx.Client,
        access: Access,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._client = client
        self._access = access
        self._pause = pause
        self.stopped = threading.Event()
        """Set, it ends what is under way."""

    def size(self, file: File) -> int | None:
        """Return a file's size, None where its server does not tell."""
        address = self._address(file)

        def asked() -> int | None:
            with self._answer("HEAD", address) as answer:
                told = _told(answer)
            if told is not None:
                return told
            # Some servers sign addresses for GET alone, or do not know HEAD.
            with self._answer("GET", address, {"Range": "bytes=0-0"}) as answer:
                if answer.status_code in _LATER:
                    raise _Transient(f"answered with an error ({answer.status_code})")
                return _told(answer)

        return self._patiently(asked, file, address)

    def fetch(self, file: File, target: Path) -> Fetched:
        """Write a file to ``target`` and return what it is.

        Raises:
            Failure: It cannot be had, or is not the one that the lock names.
            Stopped: `stopped` was set meanwhile.
            OSError: The disk does not take it.
        """
        address = self._address(file)
        fetched = self._patiently(lambda: self._written(file, address, target), file, address)
        if file.sha256 and fetched.sha256 != file.sha256:
            target.unlink()
            raise _mismatch(file, f"sha256 {fetched.sha256} and not {file.sha256}")
        return fetched

    def _written(self, file: File, address: Address, target: Path) -> Fetched:
        digest, size = hashlib.sha256(), 0
        with self._answer("GET", address) as answer, target.open("wb") as output:
            _check(answer, file, address)
            for chunk in answer.iter_raw(_CHUNK):
                size += len(chunk)
                if file.sha256 and file.size is not None and size > file.size:
                    raise _mismatch(file, f"more than {file.size} bytes")
                if self.stopped.is_set():
                    raise Stopped
                digest.update(chunk)
                output.write(chunk)
        return Fetched(sha256=digest.hexdigest(), size=size)

    @contextmanager
    def _answer(
        self, method: str, address: Address, headers: Mapping[str, str] = _PLAIN
    ) -> Iterator[httpx.Response]:
        """Give the answer, after redirects; the login goes to the first origin alone."""
        url = address.url
        for _ in range(_REDIRECTS):
            own = origin(url) == origin(address.url)
            login = httpx.BasicAuth(*address.login) if address.login and own else None
            request = self._client.build_request(method, url, headers={**_PLAIN, **headers})
            answer = self._client.send(request, auth=login, stream=True, follow_redirects=False)
            try:
                location = answer.headers.get("Location", "")
                if answer.status_code not in _MOVED or not location:
                    yield answer
                    return
                url = url.join(location).copy_with(userinfo=b"", fragment=None)
            except httpx.InvalidURL as error:
                message = f"{address.url.host} sends on to an address that is none"
                raise Failure(Reason.INDEX_UNREACHABLE, f"{message}: try again later") from error
            finally:
                answer.close()
        message = f"{address.url.host} sends on more than {_REDIRECTS} times: check the URL"
        raise Failure(Reason.INDEX_UNREACHABLE, message)

    def _patiently(self, attempt: Callable[[], T], file: File, address: Address) -> T:
        for number in range(_ATTEMPTS):
            try:
                return attempt()
            except (httpx.TransportError, _Transient) as error:
                problem = _problem(error)
            if number < _ATTEMPTS - 1:
                self._pause(2.0**number)
        message = f"{file.name}: {address.url.host} {problem}; check that builds can reach it"
        raise Failure(Reason.INDEX_UNREACHABLE, message)

    def _address(self, file: File) -> Address:
        if address := self._access.address(file.url):
            return address
        message = f"{file.name} is not at a web address; give https://… to it"
        raise Failure(Reason.INVALID_REQUIREMENT, message)


def _told(answer: httpx.Response) -> int | None:
    """Return the size of a file as the answer to HEAD, or to GET of its first byte, tells it."""
    if answer.status_code == 206:
        size = answer.headers.get("Content-Range", "").rpartition("/")[2]
    else:
        size = answer.headers.get("Content-Length", "") if answer.status_code == 200 else ""
    return int(size) if size.isdecimal() else None


def _check(answer: httpx.Response, file: File, address: Address) -> None:
    status, host = answer.status_code, address.url.host
    if status == 200:
        return
    if status in _LATER:
        raise _Transient(f"answered with an error ({status})")
    if status in {401, 403}:
        message = f"{file.name}: {host} refused access ({status}); {_TOKEN}"
        raise Failure(Reason.ACCESS_DENIED, message)
    if status in _GONE:
        message = f"{file.name}: {host} has no such file ({status}); ask for another version"
        raise Failure(Reason.PACKAGE_NOT_FOUND, message)
    message = f"{file.name}: {host} answered with an error ({status}); try again later"
    raise Failure(Reason.INDEX_UNREACHABLE, message)


def _problem(error: Exception) -> str:
    if isinstance(error, _Transient):
        return str(error)
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "has a certificate that is not trusted"
    # The text of some errors holds the URL.
    return f"did not answer ({type(error).__name__})"


def _mismatch(file: File, what: str) -> Failure:
    message = (
        f"{file.name}: its server gave {what} (hash mismatch);"
        " do not use it before its owner explains that"
    )
    return Failure(Reason.HASH_MISMATCH, message)

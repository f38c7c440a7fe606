"""Pushing to a registry: the OCI distribution API, as much of it as a push needs."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from io import BytesIO
from typing import BinaryIO
from urllib.parse import quote

import httpx

from falapp_builder.failure import Failure, Reason

_CHUNK = 1 << 20
_ATTEMPTS = 4
_TIMEOUT = httpx.Timeout(30, read=300, write=300)  # a registry may check a large blob for minutes
# Some registries send the reader of a blob to a storage service.
_PRESENT = frozenset({200, 302, 303, 307})
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})

Opener = Callable[[], AbstractContextManager[BinaryIO]]


class Registry:
    """One repository of a registry.

    Args:
        client: What speaks HTTP; credentials, once there are any, are its `auth`.
        base: The registry's address, as https://registry.example.
        repository: The repository, without tag.
        pause: How to wait a number of seconds before the next attempt.
    """

    def __init__(
        self,
        client: httpx.Client,
        base: str,
        repository: str,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._base = httpx.URL(base)
        self._repository = repository
        self._pause = pause

    def has(self, digest: str) -> bool:
        """Return whether the repository holds a blob; False where it cannot be asked."""
        path = f"blobs/{digest}"
        answer = self._patiently(lambda: self._send("HEAD", self._url(path)), f"look for {digest}")
        if answer.status_code in {401, 403}:
            raise self._refused(answer, f"look for {digest}")
        return answer.status_code in _PRESENT

    def upload(self, digest: str, size: int, opened: Opener) -> None:
        """Upload a blob, streaming it; a second attempt starts anew."""
        what = f"upload {digest}"
        answer = self._patiently(lambda: self._uploaded(digest, size, opened), what)
        if answer.status_code not in {201, 204}:
            raise self._refused(answer, what)

    def upload_bytes(self, digest: str, content: bytes) -> None:
        """Upload a small blob."""
        self.upload(digest, len(content), lambda: BytesIO(content))

    def put_manifest(self, tag: str, content: bytes, media_type: str) -> None:
        """Push a manifest under a tag: from then on the image exists."""
        headers = {"Content-Type": media_type}
        url = self._url(f"manifests/{tag}")

        def sent() -> httpx.Response:
            return self._send("PUT", url, headers=headers, content=content)

        answer = self._patiently(sent, f"push the manifest {tag}")
        if answer.status_code not in {200, 201, 202}:
            raise self._refused(answer, f"push the manifest {tag}")

    def _uploaded(self, digest: str, size: int, opened: Opener) -> httpx.Response:
        started = self._send("POST", self._url("blobs/uploads/"), content=b"")
        if started.status_code != 202:
            return started
        location = started.headers.get("Location", "")
        if not location:
            raise self._refused(started, f"upload {digest}")
        # The location's query holds the upload's state: it goes back byte for byte.
        there = str(started.url.join(location))
        url = f"{there}{'&' if '?' in there else '?'}digest={quote(digest, safe='')}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        with opened() as file:
            return self._send("PUT", url, headers=headers, content=_chunks(file))

    def _patiently(self, attempt: Callable[[], httpx.Response], what: str) -> httpx.Response:
        """Return the answer, trying again while the registry is away or says so."""
        for seconds in (2.0**n for n in range(_ATTEMPTS - 1)):
            try:
                answer = attempt()
            except httpx.TransportError:
                self._pause(seconds)
                continue
            if answer.status_code not in _LATER:
                return answer
            self._pause(seconds)
        try:
            return attempt()
        except httpx.TransportError as error:
            raise self._away(error, what) from error

    def _send(
        self,
        method: str,
        url: httpx.URL | str,
        headers: dict[str, str] | None = None,
        content: bytes | Iterator[bytes] | None = None,
    ) -> httpx.Response:
        return self._client.request(method, url, headers=headers, content=content, timeout=_TIMEOUT)

    def _url(self, path: str) -> httpx.URL:
        return self._base.copy_with(path=f"/v2/{self._repository}/{path}")

    def _away(self, error: httpx.TransportError, what: str) -> Failure:
        host = self._base.netloc.decode()
        detail = str(error).strip() or type(error).__name__
        message = f"the registry {host} did not answer when asked to {what} ({detail})"
        return Failure(Reason.REGISTRY_UNREACHABLE, f"{message}: check that builds can reach it")

    def _refused(self, answer: httpx.Response, what: str) -> Failure:
        host, status = self._base.netloc.decode(), answer.status_code
        message = f"the registry {host} refused to {what}: {status} {_said(answer)}".rstrip()
        away = status in _LATER
        way_out = "try again later" if away else "check the repository and the right to push to it"
        reason = Reason.REGISTRY_UNREACHABLE if away else Reason.PUBLISH_FAILED
        return Failure(reason, f"{message}; {way_out}")


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _said(answer: httpx.Response) -> str:
    """Return the codes of a registry's error document."""
    try:
        errors = answer.json()["errors"]
        return " ".join(str(error["code"]) for error in errors)[:200]
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase

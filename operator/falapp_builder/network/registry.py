"""One repository of a registry: the OCI distribution API, as much of it as a build needs."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

import httpx

from falapp_builder.network import tls
from falapp_builder.network.exchange import Exchange, Use
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from falapp_registry import reference
from falapp_registry.auth import RegistryAuth
from falapp_registry.credentials import Credentials
from falapp_registry.errors import CredentialsError, ImageNameError

_ACCEPTED = ", ".join(
    (
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    )
)
# Some registries send the reader of a blob to a storage service.
_PRESENT = frozenset({200, 302, 303, 307})
_AS_IT_IS = {"Accept-Encoding": "identity"}

Opener = Callable[[], AbstractContextManager[Iterable[bytes]]]
"""Gives a blob's bytes from their start, as often as it is called."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A manifest that the registry has."""

    content: bytes
    """Its very bytes."""
    media_type: str
    """What it is: a manifest or an index, OCI's or Docker's."""
    digest: str
    """sha256:… of the bytes."""


class Registry:
    """One repository of a registry; used as a context, it closes its connections.

    Every question is asked again while the registry is away or busy.

    Args:
        client: What speaks HTTP; its `auth` is what the registry wants to see.
        address: The registry's address, as https://registry.example.
        repository: The repository, without tag.
        use: What we want there, which decides what a refusal means.
        pause: How to wait a number of seconds before the next attempt.
    """

    def __init__(
        self,
        client: httpx.Client,
        address: str,
        repository: str,
        *,
        use: Use = Use.BASE,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.repository = repository
        self._client = client
        self._address = httpx.URL(address)
        self._exchange = Exchange(client, f"{self.host}/{repository}", use=use, pause=pause)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def host(self) -> str:
        """Where the registry's API is, with its port."""
        return self._address.netloc.decode()

    def manifest(self, target: str) -> Found | None:
        """Return the manifest with a tag or digest, or None if there is none.

        Raises:
            Failure: The registry does not say, or what it gives is not what the digest says.
        """
        what = f"give the manifest {target}"
        request = self._request("GET", f"manifests/{target}", {"Accept": _ACCEPTED})
        answer = self._exchange.ask(request, what, follow=True)
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise self._exchange.refused(answer, what)
        digest = sha256(answer.content)
        if target.startswith("sha256:") and target != digest:
            raise self._exchange.wrong(what)
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        return Found(content=answer.content, media_type=media_type, digest=digest)

    def has(self, digest: str) -> bool:
        """Return whether the repository holds a blob; False where it cannot be asked.

        Raises:
            Failure: The registry is away, or we may not ask.
        """
        what = f"look for {digest}"
        answer = self._exchange.ask(self._request("HEAD", f"blobs/{digest}"), what)
        if answer.status_code in {401, 403}:
            raise self._exchange.refused(answer, what)
        return answer.status_code in _PRESENT

    def blob(self, digest: str) -> bytes:
        """Return a small blob.

        Raises:
            Failure: The registry does not give it, or gives something else.
        """
        with self.stream(digest) as chunks:
            content = b"".join(chunks)
        if sha256(content) != digest:
            raise self._exchange.wrong(f"give {digest}")
        return content

    @contextmanager
    def stream(self, digest: str) -> Iterator[Iterator[bytes]]:
        """Give a blob's bytes as they come.

        Raises:
            Failure: The registry does not give it.
        """
        what, request = f"give {digest}", self._request("GET", f"blobs/{digest}", _AS_IT_IS)
        answer = self._exchange.ask(request, what, follow=True, stream=True)
        with closing(answer):
            if answer.status_code != 200:
                answer.read()
                raise self._exchange.refused(answer, what)
            yield answer.iter_bytes()

    def upload(self, digest: str, size: int, opened: Opener) -> None:
        """Upload a blob, streaming it; another attempt starts anew.

        Raises:
            Failure: The registry is away, or does not take it.
        """
        what = f"take {digest}"
        answer = self._exchange.patiently(lambda: self._uploaded(digest, size, opened), what)
        if answer.status_code == 401:
            # The token ended between the two requests of an upload; the first gets another one.
            answer = self._exchange.patiently(lambda: self._uploaded(digest, size, opened), what)
        if answer.status_code not in {201, 204}:
            raise self._exchange.refused(answer, what)

    def upload_bytes(self, content: bytes) -> None:
        """Upload a small blob.

        Raises:
            Failure: The registry is away, or does not take it.
        """
        self.upload(sha256(content), len(content), lambda: nullcontext((content,)))

    def mount(self, digest: str, origin: str) -> bool:
        """Take a blob over from another repository of the same registry, if that is allowed."""
        url = self._url("blobs/uploads/").copy_merge_params({"mount": digest, "from": origin})
        try:
            request = self._exchange.request("POST", url, content=b"")
            answer = self._exchange.ask(request, f"mount {digest}")
        except Failure as failure:
            if failure.reason is Reason.REGISTRY_UNREACHABLE:
                raise
            return False
        if answer.status_code == 202 and (location := answer.headers.get("Location")):
            # An upload has begun instead, and nobody will send it anything.
            request = self._exchange.request("DELETE", answer.url.join(location))
            self._exchange.ask(request, "forget an upload")
        return answer.status_code == 201

    def copy(self, digest: str, size: int, source: "Registry") -> None:
        """Take a blob over from another registry, as a stream.

        Raises:
            Failure: One of the two registries is away, or refuses.
        """
        self.upload(digest, size, lambda: source.stream(digest))

    def put_manifest(self, target: str, content: bytes, media_type: str) -> None:
        """Push a manifest under a tag, or under its digest: from then on it is found.

        Raises:
            Failure: The registry is away, or does not take it.
        """
        what = f"take the manifest {target}"
        headers = {"Content-Type": media_type}
        request = self._request("PUT", f"manifests/{target}", headers, content)
        answer = self._exchange.ask(request, what)
        if answer.status_code not in {200, 201, 202}:
            raise self._exchange.refused(answer, what)

    def _uploaded(self, digest: str, size: int, opened: Opener) -> httpx.Response:
        started = self._exchange.send(self._request("POST", "blobs/uploads/", content=b""))
        location = started.headers.get("Location", "")
        if started.status_code != 202 or not location:
            return started
        # The location's query holds the upload's state: it goes back byte for byte.
        there = str(started.url.join(location))
        url = f"{there}{'&' if '?' in there else '?'}digest={quote(digest, safe='')}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        with opened() as chunks:
            request = self._exchange.request("PUT", url, headers, iter(chunks))
            return self._exchange.send(request)

    def _request(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Request:
        return self._exchange.request(method, self._url(path), headers, content)

    def _url(self, path: str) -> httpx.URL:
        return self._address.copy_with(path=f"/v2/{self.repository}/{path}")


def connect(
    image: str, places: Places, *, insecure: bool, push: bool, ours: bool = False
) -> Registry:
    """Return the repository that an image's name is of, with the login that there is for it.

    Args:
        image: The name; its tag and digest do not matter.
        places: Where credentials and certificate authorities are.
        insecure: Whether the registry speaks plain HTTP.
        push: Whether to push, with the credentials for it.
        ours: Whether it is the environments' repository. A base image that a user named is read
            with the user's credentials, and never with the operator's.

    Raises:
        Failure: It is no name of an image, or the credentials cannot be read.
    """
    use = Use.PUSH if push else Use.LAYERS if ours else Use.BASE
    own = places.registry if ours and places.registry.exists() else places.pull
    try:
        named = reference.parse(image)
        credentials = Credentials.read(places.push if push else own)
    except (ImageNameError, CredentialsError) as error:
        base = use is Use.BASE
        reason = Reason.BASE_IMAGE_UNUSABLE if base else Reason.PUBLISH_FAILED
        raise Failure(reason, str(error)) from None
    address = named.address(insecure=insecure)
    login = credentials.find(named.host, named.repository)
    client = httpx.Client(verify=tls.context(places), auth=RegistryAuth(address, lambda: login))
    return Registry(client, address, named.repository, use=use)


def sha256(content: bytes) -> str:
    """Return the digest of a blob or manifest."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"

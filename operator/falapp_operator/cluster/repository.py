"""The registry's repository, looked through and cleaned: tags, what they name, and away with it.

The operator itself never uses it: what may delete must not be in its hands.
"""

import hashlib
import json
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from falapp_operator import errors
from falapp_registry import reference
from falapp_registry.auth import RegistryAuth
from falapp_registry.credentials import Credentials, Login
from falapp_registry.errors import CredentialsError, TokenError

_MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    )
)
_PAGE = 1000
_GONE = frozenset({200, 202, 204, 404})
_RIGHTS = "the login of registry.retention.secret of the operator's chart"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A manifest that the repository has."""

    digest: str
    parts: frozenset[str] = field(default_factory=frozenset)
    """The digests of its layers; of an index, those of its manifests."""


class Repository:
    """One repository of a registry (OCI distribution API).

    Attributes:
        name: Registry and path, as images are called.
    """

    def __init__(self, client: httpx.AsyncClient, repository: str, *, insecure: bool) -> None:
        self._client = client
        self.name = repository
        named = reference.parse(repository)
        self._base = f"{named.address(insecure=insecure)}/v2/{named.repository}"

    @classmethod
    def connect(
        cls, repository: str, *, insecure: bool, credentials: Path | None, custom_ca: Path | None
    ) -> Self:
        """Return a connection that trusts the system's certificates and, if there, the custom ones.

        Raises:
            ImageNameError: It is no name of a repository.
        """
        trust = ssl.create_default_context()
        if custom_ca and custom_ca.exists():
            trust.load_verify_locations(custom_ca)
        named = reference.parse(repository)

        def login() -> Login | None:
            if credentials is None:
                return None
            return Credentials.read(credentials).find(named.host, named.repository)

        auth = RegistryAuth(named.address(insecure=insecure), login)
        client = httpx.AsyncClient(verify=trust, auth=auth, timeout=30, follow_redirects=True)
        return cls(client, repository, insecure=insecure)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def tags(self) -> tuple[str, ...]:
        """Return all tags; none where there is no such repository yet.

        Raises:
            TransientError: The registry did not answer, or refused.
        """
        found: list[str] = []
        url = httpx.URL(f"{self._base}/tags/list", params={"n": _PAGE})
        while True:
            response = await self._send("GET", url, "list its tags")
            if response.status_code == 404:
                return tuple(found)
            found += [str(tag) for tag in _document(response).get("tags") or ()]
            following = response.links.get("next", {}).get("url")
            if not following:
                return tuple(found)
            url = response.url.join(following)

    async def manifest(self, target: str) -> Manifest | None:
        """Return the manifest with a tag or digest, or None if there is none.

        Raises:
            TransientError: The registry did not answer, refused, or gave something else.
        """
        url, what = httpx.URL(f"{self._base}/manifests/{target}"), f"give the manifest {target}"
        response = await self._send("GET", url, what)
        if response.status_code == 404:
            return None
        document = _document(response)
        if not document:
            message = f"registry {self.name} did not {what}, but something unreadable"
            raise errors.TransientError(f"{message}; nothing is deleted until it does")
        named = (*(document.get("layers") or ()), *(document.get("manifests") or ()))
        digest = f"sha256:{hashlib.sha256(response.content).hexdigest()}"
        return Manifest(digest=digest, parts=frozenset(str(part["digest"]) for part in named))

    async def delete(self, digest: str) -> None:
        """Delete a manifest with all its tags; one that is gone is fine.

        Raises:
            TransientError: The registry did not answer, or refused; the message has the way out.
        """
        await self._send("DELETE", httpx.URL(f"{self._base}/manifests/{digest}"), "delete an image")

    async def _send(self, method: str, url: httpx.URL, what: str) -> httpx.Response:
        try:
            response = await self._client.request(method, url, headers={"Accept": _MANIFESTS})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = f"registry {self.name} did not answer when asked to {what}: {error}"
            raise errors.TransientError(message) from error
        except (TokenError, CredentialsError) as error:
            message = f"registry {self.name} cannot be asked to {what}: {error}"
            raise errors.TransientError(f"{message}; check {_RIGHTS}") from error
        if response.status_code not in _GONE:
            raise errors.TransientError(
                f"registry {self.name} refused to {what}: {response.status_code}"
                f" {_codes(response)}".rstrip()
                + f"; {_way_out(method, response)}"
            )
        return response


def _document(response: httpx.Response) -> dict[str, Any]:
    try:
        document = json.loads(response.content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _codes(response: httpx.Response) -> str:
    """Return the codes of a registry's error document."""
    told = _document(response).get("errors")
    listed = told if isinstance(told, list) else ()
    return " ".join(str(each.get("code", "")) for each in listed if isinstance(each, dict))[:200]


def _way_out(method: str, response: httpx.Response) -> str:
    if response.status_code in {401, 403}:
        right = "delete from" if method == "DELETE" else "read"
        return f"give {_RIGHTS} the right to {right} the repository"
    if response.status_code == 405 or "UNSUPPORTED" in _codes(response):
        return (
            "allow deletions in the registry's own settings, or set registry.retention.enabled to"
            " false and let the registry clean up by itself"
        )
    return "the next run tries again"

"""The registry, asked two questions: is this image there, and what is in it?"""

import hashlib
import logging
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from falapp_operator import errors
from falapp_operator.settings import Settings
from falapp_registry import reference
from falapp_registry.auth import RegistryAuth
from falapp_registry.credentials import Credentials, Login
from falapp_registry.errors import CredentialsError, TokenError

_log = logging.getLogger(__name__)

_MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
ENVIRONMENT = "falapp.dev/environment"
"""The manifest's annotation that tells which Environment an image was built for. A tag begins with
the name of its own: an image of another one was put there by mistake, or worse."""
PACKAGES = "falapp.dev/packages"
"""The manifest's annotation that tells how many packages an environment image holds."""
SIZE = "falapp.dev/size"
"""The manifest's annotation that tells how many bytes the layers of an image have."""
LOCK = "application/vnd.falapp.pylock.v1+toml"
"""The type of the lock in the artifact that is pushed beside an image."""

_WAY_OUT = "check registry.repository and registry.pullSecret of the operator's chart"


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image that the registry has."""

    reference: str
    """By digest, as pods name it."""
    packages: int = 0
    """How many packages it holds; 0 when it does not say."""
    size: int = 0
    """How many bytes its layers have; 0 when it does not say."""


class Registry:
    """The registry of environment images (OCI distribution API)."""

    def __init__(self, client: httpx.AsyncClient, repository: str, *, insecure: bool) -> None:
        self._client = client
        self._repository = repository
        named = reference.parse(repository)
        self._base = f"{named.address(insecure=insecure)}/v2/{named.repository}"

    @classmethod
    def connect(cls, settings: Settings) -> Self:
        """Return a connection that trusts the system's certificates and the custom ones."""
        registry, trust = settings.registry, ssl.create_default_context()
        if settings.custom_ca:
            trust.load_verify_locations(settings.custom_ca)
        named = reference.parse(registry.repository)

        def login() -> Login | None:
            return _login(registry.credentials, named)

        auth = RegistryAuth(named.address(insecure=registry.insecure), login)
        client = httpx.AsyncClient(verify=trust, auth=auth, timeout=10, follow_redirects=True)
        return cls(client, registry.repository, insecure=registry.insecure)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def find(self, tag: str) -> Image | None:
        """Return the image that has ``tag``, or None if there is none.

        Raises:
            TransientError: The registry did not answer, or refused the question.
        """
        response = await self._get(f"manifests/{tag}")
        if response is None:
            return None
        told = _annotations(response)
        image = self._image(response, told)
        if not tag.startswith(str(told.get(ENVIRONMENT) or "")):
            _log.warning("%s was built for another Environment than %s", image.reference, tag)
            return None
        return image

    async def lock(self, tag: str) -> str | None:
        """Return the pylock.toml of the image that has ``tag``, or None if there is none.

        Raises:
            TransientError: The registry did not answer, refused, or gave something else.
        """
        manifest = await self._get(f"manifests/lock-{tag}")
        digest = _lock(_document(manifest)) if manifest else ""
        lock = await self._get(f"blobs/{digest}") if digest else None
        if lock is None:
            return None
        if f"sha256:{hashlib.sha256(lock.content).hexdigest()}" != digest:
            message = f"registry {self._repository} gave other bytes than those of the lock"
            raise errors.TransientError(message)
        return lock.content.decode("utf-8", "replace")

    async def _get(self, path: str) -> httpx.Response | None:
        """Return what the repository has at ``path``; None where it has nothing."""
        try:
            response = await self._client.get(
                f"{self._base}/{path}", headers={"Accept": f"{_MANIFESTS}, */*;q=0.5"}
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise errors.TransientError(
                f"registry {self._repository} did not answer: {error}"
            ) from error
        except (TokenError, CredentialsError) as error:
            raise errors.TransientError(
                f"registry {self._repository} cannot be asked: {error}; {_WAY_OUT}"
            ) from error
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            raise errors.TransientError(
                f"registry {self._repository} answered {response.status_code} when asked for an"
                f" image; {_WAY_OUT}"
            )
        return response

    def _image(self, response: httpx.Response, annotations: dict[str, Any]) -> Image:
        digest = response.headers.get("Docker-Content-Digest", "")
        if not digest.startswith("sha256:"):
            raise errors.TransientError(
                f"registry {self._repository} names no digest for an image that it has"
            )
        return Image(
            reference=f"{self._repository}@{digest}",
            packages=_number(annotations.get(PACKAGES)),
            size=_number(annotations.get(SIZE)),
        )


def _login(path: Path | None, named: reference.Reference) -> Login | None:
    return Credentials.read(path).find(named.host, named.repository) if path else None


def _document(response: httpx.Response) -> dict[str, Any]:
    """Return a manifest; something unreadable says nothing."""
    try:
        manifest = response.json()
    except ValueError:
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _annotations(response: httpx.Response) -> dict[str, Any]:
    told = _document(response).get("annotations")
    return told if isinstance(told, dict) else {}


def _lock(manifest: dict[str, Any]) -> str:
    """Return the digest of the lock that an artifact holds; empty where it holds none."""
    layers = manifest.get("layers")
    for layer in layers if isinstance(layers, list) else ():
        if isinstance(layer, dict) and layer.get("mediaType") == LOCK:
            return str(layer.get("digest", ""))
    return ""


def _number(text: object) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() else 0

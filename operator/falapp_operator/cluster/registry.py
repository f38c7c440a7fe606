"""The registry, asked one question: is this image there?"""

import ssl
from dataclasses import dataclass
from typing import Self

import httpx

from falapp_operator import errors
from falapp_operator.settings import Settings

_MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
PACKAGES = "falapp.dev/packages"
"""The manifest's annotation that tells how many packages an environment image holds."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image that the registry has."""

    reference: str
    """By digest, as pods name it."""
    packages: int
    """How many packages it holds; 0 when it does not say."""


class Registry:
    """The registry of environment images (OCI distribution API)."""

    def __init__(self, client: httpx.AsyncClient, repository: str, *, insecure: bool) -> None:
        self._client = client
        self._repository = repository
        host, _, name = repository.partition("/")
        scheme = "http" if insecure else "https"
        self._base = f"{scheme}://{host}/v2/{name}"

    @classmethod
    def connect(cls, settings: Settings) -> Self:
        """Return a connection that trusts the system's certificates and the custom ones."""
        trust = ssl.create_default_context()
        if settings.custom_ca:
            trust.load_verify_locations(settings.custom_ca)
        client = httpx.AsyncClient(verify=trust, timeout=10, follow_redirects=True)
        return cls(client, settings.registry.repository, insecure=settings.registry.insecure)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def find(self, tag: str) -> Image | None:
        """Return the image that has ``tag``, or None if there is none.

        Raises:
            TransientError: The registry did not answer, or refused the question.
        """
        url = f"{self._base}/manifests/{tag}"
        try:
            response = await self._client.get(url, headers={"Accept": _MANIFESTS})
        except httpx.HTTPError as error:
            raise errors.TransientError(
                f"registry {self._repository} did not answer: {error}"
            ) from error
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            raise errors.TransientError(
                f"registry {self._repository} answered {response.status_code} when asked for an"
                " image; check registry.repository of the operator's chart"
            )
        return self._image(response)

    def _image(self, response: httpx.Response) -> Image:
        digest = response.headers.get("Docker-Content-Digest", "")
        if not digest.startswith("sha256:"):
            raise errors.TransientError(
                f"registry {self._repository} names no digest for an image that it has"
            )
        packages = _annotations(response).get(PACKAGES, "0")
        return Image(
            reference=f"{self._repository}@{digest}",
            packages=int(packages) if packages.isdigit() else 0,
        )


def _annotations(response: httpx.Response) -> dict[str, str]:
    """Return the annotations of a manifest; those of something unreadable are none."""
    try:
        manifest = response.json()
    except ValueError:
        return {}
    return dict(manifest.get("annotations") or {}) if isinstance(manifest, dict) else {}

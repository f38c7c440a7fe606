"""Names of images, as `docker pull` takes them: host, repository, and tag or digest."""

import re
from dataclasses import dataclass

from falapp_registry.errors import ImageNameError

HUB = "docker.io"
"""The host of a name without one."""

_HUB_ALIASES = frozenset({HUB, f"index.{HUB}", f"registry-1.{HUB}"})
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One image of one registry."""

    host: str
    """The registry, with its port if that is written; Docker's own is `HUB`."""
    repository: str
    """The path in the registry."""
    tag: str = ""
    """The tag; empty where only a digest is written."""
    digest: str = ""
    """sha256:…; empty where only a tag is written."""

    @property
    def name(self) -> str:
        """Host and repository."""
        return f"{self.host}/{self.repository}"

    @property
    def target(self) -> str:
        """What to ask the registry for: the digest, which is surer than the tag, or the tag."""
        return self.digest or self.tag

    def address(self, *, insecure: bool) -> str:
        """Return the address of the registry's API, as https://registry.example."""
        host = f"registry-1.{HUB}" if self.host == HUB else self.host
        return f"{'http' if insecure else 'https'}://{host}"


def parse(text: str) -> Reference:
    """Return what a name of an image means: the tag is `latest` where nothing else is said.

    Raises:
        ImageNameError: It is no such name.
    """
    name, at, digest = text.partition("@")
    host, path = _split(name)
    repository, colon, tag = path.partition(":")
    if host == HUB and "/" not in repository:
        repository = f"library/{repository}"
    fits = _HOST.fullmatch(host) and _REPOSITORY.fullmatch(repository)
    if not fits or (at and not _DIGEST.fullmatch(digest)) or (colon and not _TAG.fullmatch(tag)):
        message = f"{text!r:.200} names no image: write registry.example/repository:tag"
        raise ImageNameError(message)
    tag = tag if colon or at else "latest"
    return Reference(host=host, repository=repository, tag=tag, digest=digest)


def canonical_host(host: str) -> str:
    """Return the one name of a registry that has several."""
    host = host.lower()
    return HUB if host in _HUB_ALIASES else host


def _split(name: str) -> tuple[str, str]:
    host, slash, path = name.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        return HUB, name
    return canonical_host(host), path

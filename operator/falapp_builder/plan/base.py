"""The base image: which one exactly, and what it consists of, as its registry tells."""

import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from falapp_builder.network.registry import Found, Registry
from falapp_builder.pod.failure import Failure, Reason
from falapp_registry.reference import Reference

_INDEXES = frozenset(
    {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)
_MANIFESTS = frozenset(
    {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    }
)
_ENVIRONMENT = "/opt/env"
_BETWEEN = re.compile(r"[:\s]")
_WAY_OUT = "give an image that the registry has for this platform"


@dataclass(frozen=True, kw_only=True)
class Base:
    """A base image for one platform."""

    repository: str
    """Registry and repository."""
    digest: str
    """The digest of its manifest for the platform: sha256:…"""
    insecure: bool
    """Whether its registry speaks plain HTTP."""
    manifest: Mapping[str, Any]
    """Its manifest."""
    config: Mapping[str, Any]
    """Its configuration."""

    @property
    def pinned(self) -> str:
        """The reference that will always mean this very image."""
        return f"{self.repository}@{self.digest}"

    @property
    def user(self) -> str:
        """Whom its commands run as; empty is root."""
        return str((self.config.get("config") or {}).get("User") or "")


def found(source: Registry, image: Reference, *, platform: str, insecure: bool) -> Base:
    """Look a base image up.

    Args:
        source: The repository that holds it.
        image: The image.
        platform: As linux/amd64.
        insecure: Whether the registry speaks plain HTTP.

    Raises:
        Failure: There is none, or none for this platform, or it cannot be built upon.
    """
    shown = f"base image {image.name}{'@' if image.digest else ':'}{image.target}"
    answer = _manifest(source, image.target, shown)
    if answer.media_type in _INDEXES:
        chosen = _for_platform(_parsed(answer.content, shown), platform, shown)
        answer = _manifest(source, chosen, shown)
    if answer.media_type not in _MANIFESTS:
        kind = answer.media_type or "unknown"
        message = f"{shown} is in a form that cannot be built upon ({kind:.100})"
        raise Failure(Reason.BASE_IMAGE_UNUSABLE, f"{message}: push it anew with a current tool")
    manifest = _parsed(answer.content, shown)
    config = _config(source, manifest, shown)
    _check(config, platform, shown)
    return Base(
        repository=image.name,
        digest=answer.digest,
        insecure=insecure,
        manifest=manifest,
        config=config,
    )


def _manifest(source: Registry, target: str, shown: str) -> Found:
    answer = source.manifest(target)
    if answer is None:
        message = f"{shown}: its registry has no {target}; {_WAY_OUT}"
        raise Failure(Reason.BASE_IMAGE_UNUSABLE, message)
    return answer


def _for_platform(index: Mapping[str, Any], platform: str, shown: str) -> str:
    entries = [entry for entry in index.get("manifests") or () if isinstance(entry, dict)]
    for entry in entries:
        if _platform(entry.get("platform") or {}) == platform:
            return str(entry["digest"])
    has = ", ".join(sorted({_platform(entry.get("platform") or {}) for entry in entries}))
    message = f"{shown} is not for {platform}, only for {has or 'nothing'}; {_WAY_OUT}"
    raise Failure(Reason.BASE_IMAGE_UNUSABLE, message)


def _config(source: Registry, manifest: Mapping[str, Any], shown: str) -> Mapping[str, Any]:
    try:
        digest = str(manifest["config"]["digest"])
        layers = [str(layer["digest"]) for layer in manifest["layers"]]
    except (KeyError, TypeError) as error:
        raise _broken(shown) from error
    config = _parsed(source.blob(digest), shown)
    told = (config.get("rootfs") or {}).get("diff_ids") or []
    if len(told) != len(layers):
        raise _broken(shown)
    return config


def _check(config: Mapping[str, Any], platform: str, shown: str) -> None:
    if (own := _platform(config)) != platform:
        message = f"{shown} is for {own} and not for {platform}; {_WAY_OUT}"
        raise Failure(Reason.BASE_IMAGE_UNUSABLE, message)
    if (config.get("config") or {}).get("OnBuild"):
        message = f"{shown} holds ONBUILD instructions; give an image without, built from it"
        raise Failure(Reason.BASE_IMAGE_UNUSABLE, message)
    if name := _inside(config.get("config") or {}):
        message = (
            f"{shown}: its {name} names {_ENVIRONMENT}, so it is an environment's image, which no"
            " other environment can be built upon; give the image that it was made from"
        )
        raise Failure(Reason.BASE_IMAGE_UNUSABLE, message)


def _inside(told: Mapping[str, Any]) -> str:
    """Return what of an image's configuration leads into the folder of the environment.

    What is in there is of anybody's packages, so nothing that builds may run it as its own: no
    python3 on the PATH, no folder of modules or libraries, no shell.
    """
    start = str(told.get("WorkingDir") or "/")
    pairs = [str(entry).partition("=")[::2] for entry in told.get("Env") or ()]
    pairs += [("SHELL", str(word)) for word in told.get("Shell") or ()]
    for name, value in pairs:
        for part in _BETWEEN.split(value) if value else ():
            path = "/" + posixpath.normpath(posixpath.join("/", start, part)).lstrip("/")
            if posixpath.commonpath((path, _ENVIRONMENT)) == _ENVIRONMENT:
                return name
    return ""


def _platform(told: Mapping[str, Any]) -> str:
    return f"{told.get('os') or 'unknown'}/{told.get('architecture') or 'unknown'}"


def _parsed(content: bytes, shown: str) -> Mapping[str, Any]:
    try:
        data = json.loads(content)
    except ValueError as error:
        raise _broken(shown) from error
    if not isinstance(data, dict):
        raise _broken(shown)
    return data


def _broken(shown: str) -> Failure:
    message = f"{shown}: what its registry says of it cannot be used; push the image anew"
    return Failure(Reason.BASE_IMAGE_UNUSABLE, message)

"""An image on disk: the OCI layout that Kaniko leaves."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from falapp_builder.failure import Failure, Reason

_OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_OCI_TYPES = {
    "application/vnd.docker.distribution.manifest.v2+json": _OCI_MANIFEST,
    "application/vnd.docker.container.image.v1+json": "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar.gzip": (
        "application/vnd.oci.image.layer.v1.tar+gzip"
    ),
}
"""Docker's names for the same bytes; Kaniko keeps those of the base image."""


@dataclass(frozen=True, kw_only=True)
class Blob:
    """One part of an image."""

    digest: str
    """sha256:…"""
    size: int
    """In bytes."""
    path: Path
    """The file that holds it."""

    def open(self) -> BinaryIO:
        """Open the file that holds it."""
        return self.path.open("rb")


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image, ready to be pushed."""

    layers: tuple[Blob, ...]
    """From the base upwards; one that stands twice is listed twice."""
    config: bytes
    """The configuration."""
    manifest: bytes
    """The manifest."""
    media_type: str
    """The manifest's type."""

    @property
    def digest(self) -> str:
        """The manifest's digest, which is the image's."""
        return sha256(self.manifest)


def read(folder: Path, labels: Mapping[str, str]) -> Image:
    """Return the image of a layout, with ``labels`` added to its configuration and manifest.

    Raises:
        Failure: The layout is not one that Kaniko finished.
    """
    try:
        return _image(folder, labels)
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        kind = type(error).__name__
        message = f"the image that was built is incomplete ({kind}): see the log of the build step"
        raise Failure(Reason.BUILD_FAILED, message) from error


def sha256(content: bytes) -> str:
    """Return the digest of a blob."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _image(folder: Path, labels: Mapping[str, str]) -> Image:
    index = json.loads((folder / "index.json").read_bytes())
    entry = index["manifests"][0]
    manifest = json.loads(_file(folder, entry["digest"]).read_bytes())
    config = json.loads(_file(folder, manifest["config"]["digest"]).read_bytes())
    parts = config.setdefault("config", {})
    parts["Labels"] = {**(parts.get("Labels") or {}), **labels}
    new_config = _encoded(config)
    manifest["config"] |= {"digest": sha256(new_config), "size": len(new_config)}
    # Docker's older form knows no annotations, which the operator reads.
    manifest["mediaType"] = manifest.get("mediaType") or entry.get("mediaType") or _OCI_MANIFEST
    for part in (manifest, manifest["config"], *manifest["layers"]):
        part["mediaType"] = _OCI_TYPES.get(part["mediaType"], part["mediaType"])
    manifest["annotations"] = {**(manifest.get("annotations") or {}), **labels}
    return Image(
        layers=tuple(_blob(folder, layer) for layer in manifest["layers"]),
        config=new_config,
        manifest=_encoded(manifest),
        media_type=manifest["mediaType"],
    )


def _blob(folder: Path, descriptor: dict[str, Any]) -> Blob:
    path = _file(folder, descriptor["digest"])
    if path.stat().st_size != descriptor["size"]:
        raise ValueError(descriptor["digest"])
    return Blob(digest=descriptor["digest"], size=descriptor["size"], path=path)


def _file(folder: Path, digest: str) -> Path:
    algorithm, _, value = digest.partition(":")
    if algorithm != "sha256" or not value.isalnum():
        raise ValueError(digest)
    return folder / "blobs" / algorithm / value


def _encoded(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()

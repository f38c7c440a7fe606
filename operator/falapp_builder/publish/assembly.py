"""The image of an environment, put together from the base's layers and the groups'.

It is a matter of two small documents, which name layers that the registry has. The same layers give
the same documents, hence the same digest: nothing in them tells when or where they were made.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from falapp_builder.network.registry import sha256
from falapp_builder.pod.planned import DIFF_ID, Base, Group, Layer

MANIFEST = "application/vnd.oci.image.manifest.v1+json"

_CONFIG = "application/vnd.oci.image.config.v1+json"
_EMPTY = "application/vnd.oci.empty.v1+json"
_NOTHING = b"{}"
_LOCK = "application/vnd.falapp.lock.v1"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
_OCI_TYPES = {
    _DOCKER_LAYER: _LAYER,
    f"{_DOCKER_LAYER}.gzip": f"{_LAYER}+gzip",
    f"{_DOCKER_LAYER}.zstd": f"{_LAYER}+zstd",
}
"""Docker's names for the same bytes; Kaniko keeps those of the base image."""
_PROGRAMS = "/opt/env/bin"
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Document:
    """A manifest, and the small blobs that must be there before it."""

    manifest: bytes
    """Its bytes."""
    blobs: tuple[bytes, ...]
    """What it names besides layers."""

    @property
    def digest(self) -> str:
        """The manifest's digest."""
        return sha256(self.manifest)


def image(
    base: Base, groups: Sequence[tuple[Group, Layer]], annotations: Mapping[str, str]
) -> Document:
    """Return the image with the groups' layers on the base's.

    Args:
        base: The base image.
        groups: The groups with their layers, in order.
        annotations: What to tell of the image: in its manifest, which the operator reads, and in
            its labels, which stay when an image is copied by tools that know no annotations.
    """
    layers = [*base.layers, *(layer for _, layer in groups)]
    return whole(_encoded(_config(base, groups, annotations)), layers, annotations)


def whole(config: bytes, layers: Sequence[Layer], annotations: Mapping[str, str]) -> Document:
    """Return an image that was built as a whole, under OCI's names."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor(_CONFIG, config),
        "layers": [_named(layer) for layer in layers],
        "annotations": dict(annotations),
    }
    return Document(manifest=_encoded(manifest), blobs=(config,))


def group(base: Base, layer: Layer) -> Document:
    """Return the manifest by which a group's layer is found: an image of this layer alone.

    Any registry takes that, and none removes the layer while its tag is there.
    """
    config = _encoded(
        {
            "architecture": base.config.get("architecture", ""),
            "os": base.config.get("os", ""),
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id]},
        }
    )
    return whole(config, (layer,), {DIFF_ID: layer.diff_id})


def records(subject: Document, files: Sequence[tuple[str, str, bytes]]) -> Document:
    """Return the artifact that tells what is in an image.

    Args:
        subject: The image.
        files: Media type, name and content of what is told.
    """
    layers = [
        _descriptor(media_type, content) | {"annotations": {"org.opencontainers.image.title": name}}
        for media_type, name, content in files
    ]
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": _LOCK,
        "config": _descriptor(_EMPTY, _NOTHING),
        "layers": layers,
        "subject": _descriptor(MANIFEST, subject.manifest),
    }
    blobs = (_NOTHING, *(content for _, _, content in files))
    return Document(manifest=_encoded(manifest), blobs=blobs)


def _config(
    base: Base, groups: Sequence[tuple[Group, Layer]], labels: Mapping[str, str]
) -> dict[str, Any]:
    config = dict(base.config)
    parts = dict(config.get("config") or {})
    parts["Env"] = _env(parts.get("Env") or ())
    parts["Labels"] = {**(parts.get("Labels") or {}), **labels}
    diff_ids = [layer.diff_id for layer in (*base.layers, *(layer for _, layer in groups))]
    history = [*_history(base), *({"created_by": _told(group)} for group, _ in groups)]
    return config | {
        "config": parts,
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": history,
    }


def _env(env: Sequence[str]) -> list[str]:
    """Return the variables with the environment's programs found first.

    PATH is enough: Python knows by its own place which environment it belongs to. VIRTUAL_ENV would
    only tell installers where to write, and a running image is not for that.
    """
    path = next((e.partition("=")[2] for e in env if e.startswith("PATH=")), _DEFAULT_PATH)
    return [f"PATH={_PROGRAMS}:{path}", *(e for e in env if not e.startswith("PATH="))]


def _history(base: Base) -> list[Any]:
    """Return the base's history; a layer that has none gets an entry, since tools count them."""
    history = list(base.config.get("history") or ())
    told = sum(not entry.get("empty_layer") for entry in history)
    return [*({"created_by": "unknown"} for _ in range(len(base.layers) - told)), *history]


def _told(group: Group) -> str:
    return f"falapp {group.kind} {group.identity} {' '.join(group.packages)}".rstrip()[:_SHOWN]


def _named(layer: Layer) -> dict[str, Any]:
    media_type = _OCI_TYPES.get(layer.media_type, layer.media_type)
    return {"mediaType": media_type, "digest": layer.digest, "size": layer.size}


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": sha256(content), "size": len(content)}


def _encoded(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()

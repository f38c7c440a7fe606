"""A planned build in a temporary folder: the base in its registry, the layouts that Kaniko left."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from falapp_builder.pod.places import Places

from .oci import DOCKER, OCI, FakeRegistry, digest_of

VENV = "RUN python3 -m venv --without-pip --system-site-packages /opt/env"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
BASE = ("base " * 100).encode(), b"second"
"""The layers of the base image."""


def run(identity: str) -> str:
    return f"RUN python3 -B /kaniko/falapp/install.py {identity}"


def diff_id(content: bytes) -> str:
    """Return a made-up digest of what would be in a layer."""
    return digest_of(b"what is in " + content)


def base_config() -> dict[str, Any]:
    return {
        "architecture": "amd64",
        "os": "linux",
        "created": "2020-02-02T00:00:00Z",
        "config": {"Env": ["A=1", "PATH=/own/bin:/bin"], "Labels": {"own": "label"}, "User": "1"},
        "rootfs": {"type": "layers", "diff_ids": [diff_id(layer) for layer in BASE]},
        "history": [
            {"created_by": "ADD rootfs"},
            {"created_by": "ENV A=1", "empty_layer": True},
            {"created_by": run("0" * 16)},
        ],
    }


def base_manifest() -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": DOCKER,
        "config": {"mediaType": "x/config", "digest": "sha256:" + "c" * 64, "size": 1},
        "layers": [descriptor(content) for content in BASE],
    }


def descriptor(content: bytes, media_type: str = LAYER) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


@dataclass
class Group:
    """A group of a plan; `content` is its layer if it was built just now."""

    name: str
    kind: str = "wheels"
    content: bytes = b""
    known: bytes = b""
    media_type: str = LAYER

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.name.encode()).hexdigest()

    @property
    def id(self) -> str:
        return self.hash[:16]

    @property
    def tag(self) -> str:
        return f"layer-{self.hash}"

    @property
    def step(self) -> tuple[str, bytes]:
        return (VENV if self.kind == "venv" else run(self.id)), self.content

    def planned(self) -> dict[str, Any]:
        layer = descriptor(self.known) | {"diffId": diff_id(self.known)} if self.known else None
        packages = [] if self.kind == "venv" else [self.name]
        names = {"id": self.id, "hash": self.hash, "kind": self.kind, "packages": packages}
        return names | {"layer": layer}


VENV_GROUP = Group("venv", "venv", b"venv")
ALPHA = Group("alpha", content=b"alpha " * 50)
BETA = Group("beta", content=b"beta " * 20)
SOURCE = Group("gamma", "sources", b"gamma")


def package(group: Group, **changes: Any) -> dict[str, Any]:
    file = f"{group.name}-1.0-py3-none-any.whl"
    return {
        "name": group.name,
        "version": "1.0",
        "kind": "wheel",
        "url": f"https://files.example/{file}",
        "file": file,
        "sha256": group.hash,
        "size": 10,
    } | changes


def write_layout(
    folder: Path,
    steps: Sequence[tuple[str, bytes]],
    media_type: str = DOCKER,
    change: Callable[[dict[str, Any], dict[str, Any]], None] = lambda *_: None,
) -> None:
    """Write a layout of the base with a layer for each step; `change` may spoil it."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def blob(content: bytes) -> dict[str, Any]:
        (blobs / hashlib.sha256(content).hexdigest()).write_bytes(content)
        return {"digest": digest_of(content), "size": len(content)}

    config = base_config()
    contents = [*BASE, *(content for _, content in steps)]
    config["rootfs"]["diff_ids"] = [diff_id(content) for content in contents]
    config["history"] += [{"author": "kaniko", "created_by": command} for command, _ in steps]
    layers = [{"mediaType": LAYER, **blob(content)} for content in contents]
    manifest = {"schemaVersion": 2, "mediaType": media_type, "layers": layers}
    change(manifest, config)
    manifest["config"] = {"mediaType": "x/config", **blob(json.dumps(config).encode())}
    entry = {"mediaType": media_type, **blob(json.dumps(manifest).encode())}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))


@dataclass
class Build:
    """A build up to publish; its base image stands in `origin`."""

    places: Places
    registry: FakeRegistry
    groups: list[Group] = field(default_factory=lambda: [VENV_GROUP, ALPHA, BETA, SOURCE])
    repository: str = "library/python"
    origin: FakeRegistry | None = None
    packages: list[dict[str, Any]] | None = None
    media_type: str = OCI

    def write(self) -> None:
        origin = self.origin or self.registry
        for content in BASE:
            origin.hold(content, self.repository)
        for group in self.groups:
            if group.known:
                self.registry.hold(group.known)
        packages = [package(group) for group in self.groups if group.kind != "venv"]
        plan = {
            "base": {
                "pinned": f"{origin.host}/{self.repository}@sha256:{'b' * 64}",
                "insecure": True,
                "manifest": base_manifest(),
                "config": base_config(),
            },
            "groups": [group.planned() for group in self.groups],
            "packages": self.packages if self.packages is not None else packages,
        }
        self.places.plan.mkdir(exist_ok=True)
        self.places.plan_file.write_text(json.dumps(plan))
        made = [group for group in self.groups if not group.known]
        wheels = [VENV_GROUP.step, *(g.step for g in made if g.kind == "wheels")]
        write_layout(self.places.wheels_layout, wheels, self.media_type)
        sources = [g.step for g in made if g.kind == "sources"]
        write_layout(self.places.sources_layout, [VENV_GROUP.step, *sources], self.media_type)

"""The plan as publish needs it: plan.json, read back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from falapp_builder.pod import handed

DIFF_ID = "falapp.dev/diff-id"
"""The annotation of a group's manifest that tells what is in its layer."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer of an image."""

    digest: str
    """sha256:… of the compressed bytes."""
    size: int
    """Of the compressed bytes."""
    media_type: str
    """How it is compressed."""
    diff_id: str
    """sha256:… of what is in it."""


@dataclass(frozen=True, kw_only=True)
class Base:
    """The base image."""

    pinned: str
    """Its name, with its digest."""
    insecure: bool
    """Whether its registry speaks plain HTTP."""
    layers: tuple[Layer, ...]
    """From the bottom upwards."""
    config: dict[str, Any]
    """Its configuration."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """What becomes one layer."""

    identity: str
    """How install.py was told to make it."""
    hash: str
    """Its address."""
    kind: str
    """venv, wheels or sources."""
    packages: tuple[str, ...]
    """The names of its packages."""
    layer: Layer | None
    """Its layer, if the registry has it."""

    @property
    def tag(self) -> str:
        """The tag that its layer is found by."""
        return f"layer-{self.hash}"


@dataclass(frozen=True, kw_only=True)
class Package:
    """A package, and the file or commit that is installed."""

    name: str
    """Its normalised name."""
    version: str
    """Its version; empty where only building it tells."""
    kind: str
    """wheel, sdist, git or archive."""
    url: str
    """Where the file is; empty where that is a secret."""
    file: str
    """The file's name."""
    sha256: str
    """The file's digest in hexadecimal."""
    size: int | None
    """The file's size, where it is known."""
    repository: str
    """The git repository, if it comes from one."""
    commit: str
    """The commit, if it comes from git."""
    subdirectory: str
    """The folder inside an archive or a repository."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An environment, cut into layers."""

    base: Base
    """What it stands on."""
    groups: tuple[Group, ...]
    """In the order of the image's layers."""
    packages: tuple[Package, ...]
    """Everything that is installed."""


def read(path: Path) -> Plan:
    """Return the plan of a build.

    Raises:
        Failure: It cannot be read.
    """
    wrong = f"the build plan {path} cannot be used"
    return handed.read(path, _plan, wrong=wrong, differ="the steps of the build")


def _plan(data: dict[str, Any]) -> Plan:
    return Plan(
        base=_base(data["base"]),
        groups=tuple(_group(entry) for entry in data["groups"]),
        packages=tuple(_package(entry) for entry in data["packages"]),
    )


def _base(data: dict[str, Any]) -> Base:
    config = dict(data["config"])
    layers = zip(data["manifest"]["layers"], config["rootfs"]["diff_ids"], strict=True)
    return Base(
        pinned=str(data["pinned"]),
        insecure=bool(data["insecure"]),
        layers=tuple(_layer(layer | {"diffId": diff_id}) for layer, diff_id in layers),
        config=config,
    )


def _group(data: dict[str, Any]) -> Group:
    return Group(
        identity=str(data["id"]),
        hash=str(data["hash"]),
        kind=str(data["kind"]),
        packages=tuple(str(name) for name in data["packages"]),
        layer=_layer(data["layer"]) if data["layer"] else None,
    )


def _layer(data: dict[str, Any]) -> Layer:
    return Layer(
        digest=str(data["digest"]),
        size=int(data["size"]),
        media_type=str(data["mediaType"]),
        diff_id=str(data["diffId"]),
    )


def _package(data: dict[str, Any]) -> Package:
    git = data.get("git") or {}
    size = data.get("size")
    return Package(
        name=str(data["name"]),
        version=str(data.get("version") or ""),
        kind=str(data["kind"]),
        url=str(data.get("url") or ""),
        file=str(data.get("file") or ""),
        sha256=str(data.get("sha256") or ""),
        size=None if size is None else int(size),
        repository=str(git.get("url") or ""),
        commit=str(git.get("commit") or ""),
        subdirectory=str(data.get("subdirectory") or ""),
    )

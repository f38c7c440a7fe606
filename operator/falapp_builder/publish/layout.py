"""What a build made: the layers of an OCI layout, by the RUN that made them.

The build of the sources runs code of packages, which can write to its layout whatever it likes. So
nothing in a layout is believed that the registry does not check: a file must be in the layout
itself, and have the digest that it claims.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.planned import Layer

_T = TypeVar("_T")
_CHUNK = 1 << 20
_LARGEST_DOCUMENT = 4 << 20
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_INSTALL = re.compile(r"\binstall\.py ([0-9a-f]+)$")
_VENV = re.compile(r"^RUN .* -m venv ")
VENV = "venv"
"""The step that makes the empty environment."""


@dataclass(frozen=True, kw_only=True)
class Made(Layer):
    """A layer that was built just now."""

    path: Path
    """The file that holds it."""

    @contextmanager
    def opened(self) -> Iterator[Iterator[bytes]]:
        """Give its bytes."""
        with self.path.open("rb") as file:
            yield iter(lambda: file.read(_CHUNK), b"")

    def is_genuine(self) -> bool:
        """Return whether the file has the digest that the layout gives it."""
        with self.path.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}" == self.digest


@dataclass(frozen=True, kw_only=True)
class Whole:
    """An image that was built, all of it."""

    config: bytes
    """Its configuration, as it was written."""
    layers: tuple[Made, ...]
    """Its layers, from the lowest."""


def image(folder: Path) -> Whole:
    """Return the image of a layout.

    Raises:
        Failure: The layout is not one that Kaniko finished.
    """
    return _readable(lambda: _image(folder))


def read(folder: Path, base: Sequence[Layer]) -> dict[str, Made]:
    """Return the layers above the base: by the group's id that install.py got, and `VENV`.

    Raises:
        Failure: The layout is not one that Kaniko finished on this base.
    """
    return _readable(lambda: _read(folder, [layer.diff_id for layer in base]))


def _readable(reading: Callable[[], _T]) -> _T:
    try:
        return reading()
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        kind = type(error).__name__
        message = f"what was built is incomplete ({kind}): see the log of the build's steps"
        raise Failure(Reason.BUILD_FAILED, message) from error


def _image(folder: Path) -> Whole:
    root, manifest, config = _documents(folder)
    diff_ids, layers = config["rootfs"]["diff_ids"], manifest["layers"]
    made = tuple(
        _layer(root, folder, layer, diff_id)
        for layer, diff_id in zip(layers, diff_ids, strict=True)
    )
    path = _inside(root, _blob(folder, manifest["config"]["digest"]))
    return Whole(config=path.read_bytes(), layers=made)


def _documents(folder: Path) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """Return where all files of a layout must be, its manifest and its configuration."""
    # The folder's parent is where the volume is mounted; what is below may be a link to anywhere.
    root = folder.parent.resolve(strict=True)
    (entry,) = _document(root, folder / "index.json")["manifests"]
    manifest = _document(root, _blob(folder, entry["digest"]))
    return root, manifest, _document(root, _blob(folder, manifest["config"]["digest"]))


def _read(folder: Path, base: list[str]) -> dict[str, Made]:
    root, manifest, config = _documents(folder)
    diff_ids, layers = config["rootfs"]["diff_ids"], manifest["layers"]
    if diff_ids[: len(base)] != base or len(diff_ids) != len(layers):
        raise ValueError("base")
    # A base need not have a history, or no commands in it (`docker import`); Kaniko's own layers,
    # the youngest, always have theirs.
    commands = [e.get("created_by", "") for e in config["history"] if not e.get("empty_layer")]
    count = len(layers) - len(base)
    made = zip(commands[-count:], layers[-count:], diff_ids[-count:], strict=True)
    found: dict[str, Made] = {}
    for command, layer, diff_id in made if count else ():
        step = _step(command)
        if step in found:
            raise ValueError(step)
        if step:
            found[step] = _layer(root, folder, layer, diff_id)
    return found


def _step(command: str) -> str:
    if installed := _INSTALL.search(command):
        return installed[1]
    return VENV if _VENV.match(command) else ""


def _layer(root: Path, folder: Path, layer: dict[str, Any], diff_id: str) -> Made:
    path = _inside(root, _blob(folder, layer["digest"]))
    if path.stat().st_size != layer["size"] or not _DIGEST.fullmatch(diff_id):
        raise ValueError(layer["digest"])
    return Made(
        digest=layer["digest"],
        size=layer["size"],
        media_type=str(layer["mediaType"]),
        diff_id=diff_id,
        path=path,
    )


def _document(root: Path, path: Path) -> dict[str, Any]:
    path = _inside(root, path)
    if path.stat().st_size > _LARGEST_DOCUMENT:
        raise ValueError(path.name)
    document = json.loads(path.read_bytes())
    if not isinstance(document, dict):
        raise TypeError(path.name)
    return document


def _blob(folder: Path, digest: str) -> Path:
    if not (matched := _DIGEST.fullmatch(digest)):
        raise ValueError(digest)
    return folder / "blobs" / "sha256" / matched[1]


def _inside(root: Path, path: Path) -> Path:
    real = path.resolve(strict=True)
    if not real.is_relative_to(root) or not real.is_file():
        raise ValueError(path.name)
    return real

"""Where a group is installed before it enters the environment.

The groups of wheels are for everybody, and an environment may hold anything: a .pth file that runs
code whenever its Python starts, the metadata of a package that is not there. So a group is
installed into an empty folder, by an interpreter whose environment is empty, and is moved into the
environment only then: its layer is the same whatever was there before.
"""

import json
import os
import shutil
import sys
import venv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from falapp_builder.install import record
from falapp_builder.install.move import move
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from falapp_builder.pod.recipe import Item
from falapp_requirements.tokens import normalised

_OWN = ("pyvenv.cfg", "bin/python", "bin/python3", "bin/python3.{minor}")
# uv notes there when the wheel was downloaded.
_NOISE = ("uv_cache.json",)
_DIRECT = "direct_url.json"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """An empty environment, and an empty folder to install into."""

    folder: Path
    """Holds it all; other temporary things may be put there."""

    @property
    def python(self) -> Path:
        """The interpreter of the empty environment."""
        return self.folder / "python" / "bin" / "python"

    @property
    def prefix(self) -> Path:
        """The folder to install into."""
        return self.folder / "prefix"


@contextmanager
def stage(places: Places) -> Iterator[Stage]:
    """Give a stage, and remove it with all that is in it."""
    found = Stage(folder=places.stage)
    shutil.rmtree(found.folder, ignore_errors=True)
    try:
        venv.create(found.python.parents[1], symlinks=True)
        (found.prefix / "lib").mkdir(parents=True)
        if (places.environment / "lib64").is_symlink():
            # So that what is for either folder is in one, as in the environment.
            (found.prefix / "lib64").symlink_to("lib")
        yield found
    finally:
        shutil.rmtree(found.folder, ignore_errors=True)


def finish(staged: Stage, places: Places, items: Iterable[Item]) -> None:
    """Make what was installed fit the environment, and move it there.

    Raises:
        Failure: A package is not there, or holds what is the environment's own.
    """
    prefix = staged.prefix
    for name in (own.format(minor=sys.version_info.minor) for own in _OWN):
        if os.path.lexists(prefix / name):
            message = f"a package holds {name}, which is the environment's own; leave it out"
            raise Failure(Reason.INSTALL_FAILED, message)
    scripts = _rewritten(prefix / "bin", staged.python, places.environment / "bin" / "python")
    infos = {_name(info): info for info in _infos(prefix)}
    for info in infos.values():
        gone = {info / name: None for name in (*_NOISE, _DIRECT) if (info / name).exists()}
        for path in gone:
            path.unlink()
        record.amend(info, {**scripts, **gone})
    for item in items:
        _check(item, infos)
        if item.direct is not None:
            content = json.dumps(item.direct).encode()
            path = infos[item.name] / _DIRECT
            path.write_bytes(content)
            record.amend(infos[item.name], {path: content})
    (prefix / ".lock").unlink(missing_ok=True)  # uv's own
    if (prefix / "lib64").is_symlink():
        (prefix / "lib64").unlink()
    move(prefix, places.environment)


def _infos(prefix: Path) -> list[Path]:
    found = prefix.glob(f"lib/python3.{sys.version_info.minor}/site-packages/*.dist-info")
    return sorted(path for path in found if (path / "RECORD").is_file())


def _name(info: Path) -> str:
    return normalised(info.name.partition("-")[0])


def _check(item: Item, infos: Iterable[str]) -> None:
    if item.name not in infos:
        message = f"{item.name} was installed, and is not there: its file is of another package"
        raise Failure(Reason.INSTALL_FAILED, message)


def _rewritten(folder: Path, old: Path, new: Path) -> dict[Path, bytes | None]:
    """Let scripts be run by the environment's interpreter; return the changed ones."""
    changed: dict[Path, bytes | None] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        # A path that is too long for the kernel stands in the second line, which /bin/sh reads.
        end = content.find(b"\n", content.find(b"\n") + 1) + 1 or len(content)
        head = content[:end].replace(os.fsencode(old), os.fsencode(new))
        if content.startswith(b"#!") and head != content[:end]:
            changed[path] = head + content[end:]
            path.write_bytes(head + content[end:])
    return changed

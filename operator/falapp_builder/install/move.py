"""From the stage to the environment: files are moved, folders merged, links never followed."""

import errno
import os
import shutil
import stat
from pathlib import Path

from falapp_builder.pod.failure import Failure, Reason


def move(source: Path, target: Path) -> None:
    """Move everything in a folder into another one that exists.

    A file replaces the file or link of its name: what is moved last counts, as for pip.

    Raises:
        Failure: A folder would have to replace a file, or a file a folder.
    """
    for entry in sorted(os.scandir(source), key=lambda entry: entry.name):
        path, destination = Path(entry.path), target / entry.name
        if entry.is_dir(follow_symlinks=False):
            _folder(path, destination)
        elif _kind(destination) is stat.S_ISDIR:
            raise _clash(destination)
        else:
            _file(path, destination)


def _folder(path: Path, destination: Path) -> None:
    kind = _kind(destination)
    if kind is None:
        try:
            path.rename(destination)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            destination.mkdir()
        else:
            return
    elif kind is not stat.S_ISDIR:
        raise _clash(destination)
    move(path, destination)
    if kind is None:
        shutil.copystat(path, destination)


def _file(path: Path, destination: Path) -> None:
    try:
        path.replace(destination)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = destination.with_name(f".{destination.name[:200]}.falapp")
        shutil.copy2(path, beside, follow_symlinks=False)
        beside.replace(destination)


def _kind(path: Path) -> object:
    """Return `stat.S_ISDIR` for a folder, `stat.S_ISREG` for anything else, None for nothing."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return None
    return stat.S_ISDIR if stat.S_ISDIR(mode) else stat.S_ISREG


def _clash(path: Path) -> Failure:
    message = f"two packages disagree whether {path} is a file or a folder; leave one of them out"
    return Failure(Reason.INSTALL_FAILED, message)

"""Downloads that are kept on a volume between builds, by digest; never needed, only faster."""

import contextlib
import errno
import hashlib
import os
import tempfile
from pathlib import Path

_CHUNK = 1 << 20


class Cache:
    """The files of a folder, each named by its digest.

    Several builds may use it at once. Where the volume is full, what was not used for longest goes.

    Args:
        folder: It need not exist: then nothing is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, sha256: str, target: Path) -> bool:
        """Copy the file with a digest to ``target``; a damaged one is removed instead.

        Raises:
            OSError: The target cannot be written.
        """
        kept = self._folder / sha256
        try:
            source = kept.open("rb")
        except OSError:
            return False
        digest = hashlib.sha256()
        with source, target.open("wb") as output:
            while chunk := _read(source.fileno()):
                digest.update(chunk)
                output.write(chunk)
        if digest.hexdigest() == sha256:
            with contextlib.suppress(OSError):
                os.utime(kept)
            return True
        target.unlink()
        with contextlib.suppress(OSError):
            kept.unlink()
        return False

    def keep(self, sha256: str, source: Path) -> None:
        """Copy a file that has this digest into the cache, if there is one with room."""
        if not self._folder.is_dir() or (self._folder / sha256).exists():
            return
        try:
            self._copy(sha256, source)
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                print(f"falapp: a download is not kept ({error.strerror})", flush=True)
                return
            self._free(source.stat().st_size)
            with contextlib.suppress(OSError):
                self._copy(sha256, source)

    def _copy(self, sha256: str, source: Path) -> None:
        handle, name = tempfile.mkstemp(prefix=".", dir=self._folder)
        try:
            with source.open("rb") as file, os.fdopen(handle, "wb") as output:
                while chunk := file.read(_CHUNK):
                    output.write(chunk)
            Path(name).replace(self._folder / sha256)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def _free(self, wanted: int) -> None:
        """Remove what was not used for longest, until so many bytes are free."""
        with contextlib.suppress(OSError):
            kept = [(entry.stat(), Path(entry.path)) for entry in os.scandir(self._folder)]
            for stat, path in sorted(kept, key=lambda entry: entry[0].st_mtime):
                if wanted <= 0:
                    break
                path.unlink()
                wanted -= stat.st_size


def _read(file: int) -> bytes:
    """Read on; a volume that fails to give a file is one that does not have it whole."""
    try:
        return os.read(file, _CHUNK)
    except OSError:
        return b""

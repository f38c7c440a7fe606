"""Who runs beside whom, where several processes run the tests (pytest -n).

Tests that wait for pods leave a core to those that compute, so the rooms run side by side. A
module goes to one process as a whole, for its fixtures, and so does a folder in e2e, whose modules
would be in each other's way: those in `nodes` fill, drain and load them. Those in
`alone` have the cluster to themselves, as they give the operator other values. They come first: the
rooms without a cluster go on meanwhile.
"""

import contextlib
import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.cluster import cache, lock

ALONE = "e2e/alone"
_ORDER = (ALONE, "integration", "unit", "contract", "e2e/nodes", "e2e")
"""What needs no cluster runs beside those that are alone on it, and what is long begins early."""


def place(path: Path) -> int:
    """Return where in the order the room of a test is."""
    inside = path.relative_to(Path(__file__).parent).as_posix()
    return next((i for i, room in enumerate(_ORDER) if inside.startswith(f"{room}/")), len(_ORDER))


def is_alone(path: Path) -> bool:
    """Return whether a test has the cluster to itself."""
    return place(path) == _ORDER.index(ALONE)


def is_on_cluster(path: Path) -> bool:
    """Return whether a test is on the cluster at all."""
    return path.is_relative_to(Path(__file__).parent / "e2e")


class Scheduling(LoadScopeScheduling):
    """Gives modules to processes in the order of the rooms, and folders of e2e as a whole."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # it would put large modules first

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        folder = module.rpartition("/")[0]
        return folder if folder.startswith("tests/e2e/") else module


class Turns:
    """The turn on the cluster: of many modules at once, or of one that is alone."""

    def __init__(self) -> None:
        self._file: IO[str] | None = None

    def take(self, *, alone: bool) -> None:
        """Wait for it, unless this process has it already."""
        if self._file is None:
            path = cache.default().root / "turn"
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a")
            # The kernel gives it back with the process, however that ends.
            fcntl.flock(self._file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)

    def give(self) -> None:
        """Let others have it."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextlib.contextmanager
    def taken(self, *, alone: bool) -> Iterator[None]:
        """Have it for the block."""
        self.take(alone=alone)
        try:
            yield
        finally:
            self.give()


TURN = Turns()
"""This process' own."""


def once(folder: Path, name: str, make: Callable[[], str]) -> str:
    """Return what the first process made that needed it, and the others find.

    Args:
        folder: What the processes share.
        name: A file there.
        make: Makes it; if that fails, the next process tries.
    """
    file = folder / name
    with lock.held(folder / f"{name}.lock", print):
        if not file.exists():
            file.write_text(make())
    return file.read_text()


def folder(config: pytest.Config, temporary: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of this run share."""
    base = temporary.getbasetemp()
    return base.parent if hasattr(config, "workerinput") else base

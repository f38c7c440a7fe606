"""One run at a time: a second checkout waits instead of colliding.

The kernel drops the lock with the process, however it ends, so no lock is ever stale.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.errors import ClusterError


@contextmanager
def held(
    path: Path, say: Callable[[str], None], patience: float = 3600, pause: float = 0.5
) -> Iterator[None]:
    """Hold the lock file for as long as the block runs; say whom we wait for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        deadline = time.monotonic() + patience
        announced = False
        while not _taken(file.fileno()):
            holder = path.read_text().strip() or "unknown"
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"{path}: process {holder} has held the lock for {patience:.0f} s; "
                    "wait for it to end, or end it"
                )
            if not announced:
                say(f"another run (process {holder}) holds {path}: waiting for it")
                announced = True
            time.sleep(pause)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

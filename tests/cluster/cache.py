"""Where the tool keeps things: one folder outside every work tree.

Two checkouts on one machine share it, as they share Docker and the cluster. What is costly
(compiled binaries, the base file system) lives here under its fingerprint.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cache:
    """The folder, and the names in it."""

    root: Path

    @property
    def binaries(self) -> Path:
        """Compiled Go programs, a folder each: <part>-<fingerprint>/."""
        return self.root / "bin"

    @property
    def archives(self) -> Path:
        """File systems as tar files, named by fingerprint."""
        return self.root / "archives"

    @property
    def logs(self) -> Path:
        """What the commands of the last run printed."""
        return self.root / "logs"

    @property
    def docker(self) -> Path:
        """Record, log and runtime of the Docker daemon that the tool started."""
        return self.root / "docker"

    @property
    def state(self) -> Path:
        """The cluster as its users load it."""
        return self.root / "cluster.json"

    @property
    def kubeconfig(self) -> Path:
        """Our own kubeconfig; ~/.kube/config is never touched."""
        return self.root / "kubeconfig"

    @property
    def packages(self) -> Path:
        """Names of the Debian packages that were installed on this machine."""
        return self.root / "packages"

    @property
    def lock(self) -> Path:
        """Held by the one run that may change things."""
        return self.root / "lock"

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Give an empty folder for half-made things, on the same disk so that renames are whole."""
        parent = self.root / "scratch"
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def prepare(self) -> None:
        """Make the folder, and sweep what an interrupted run left. Hold the lock first."""
        for folder in (self.logs, self.root / "scratch"):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)


def default() -> Cache:
    """Find the cache folder of this user."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Cache(Path(home) / "falapp")

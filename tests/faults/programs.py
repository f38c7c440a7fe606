"""Kubernetes' programs: one binary, which acts as the program that it is called by."""

import sys
from pathlib import Path

from tests.cluster import cache, golang, progress, run

_NAMES = ("etcd", "kube-apiserver", "kube-controller-manager")


def linked(folder: Path) -> dict[str, Path]:
    """Return the path of each program, by its name; compiled where this machine never did."""
    runner = run.Run(cache.default(), progress.Progress(_say))
    binary = golang.build(runner, golang.KUBERNETES)
    links = {name: folder / name for name in _NAMES}
    for link in links.values():
        link.symlink_to(binary)
    return links


def _say(line: str) -> None:
    """Write past pytest's capture: compiling takes minutes where it was never done before."""
    print(line, file=sys.__stderr__, flush=True)

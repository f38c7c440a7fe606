"""Where Helm is: the tests of the chart need it, and never pass without."""

import os
import sys

from tests.cluster import cache, progress, run, tools


def path() -> str:
    """Find Helm: the one that HELM names, a recent one on PATH, or the one that we compile."""
    if named := os.environ.get("HELM"):
        return named
    return str(tools.find_helm(run.Run(cache.default(), progress.Progress(_say))))


def _say(line: str) -> None:
    """Write past pytest's capture: compiling takes minutes where it was never done before."""
    print(line, file=sys.__stderr__, flush=True)

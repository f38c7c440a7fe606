"""Start a runner: `PYTHON boot.py`, in the app's folder, with this file in the runtime's.

The order of sys.path is the point: the environment's packages, then the runtime's, so that what a
user pinned always wins. `load` puts the app's folder before both.
"""

import os
import sys
from pathlib import Path


def order(path: list[str], runtime: str) -> list[str]:
    """Return `path` with the runtime's folder last."""
    return [*(folder for folder in path if folder not in ("", runtime)), runtime]


# child processes that `multiprocessing` spawns import this file again, under another name
if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    sys.path[:] = order(sys.path, str(here))

    from falapp_runner import launch, settings

    launch.main(settings.read(here, sys.argv[1:], os.environ))

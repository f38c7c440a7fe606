"""A real Kubernetes cluster for the demo and the tests, on any machine.

`up()` makes it and gives a Cluster; `load()` gives the Cluster that the last `up()` made.
The work is in lifecycle.py; README.md tells how the parts fit.
"""

import os
from pathlib import Path

from tests.cluster.cluster import Cluster, Images, load
from tests.cluster.errors import ClusterError
from tests.cluster.lifecycle import down, up

os.environ.setdefault("HOME", str(Path.home()))  # cron and CI may lack it, and Go asks for it

__all__ = ["Cluster", "ClusterError", "Images", "down", "load", "up"]

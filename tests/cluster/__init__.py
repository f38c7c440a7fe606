"""A real Kubernetes cluster for the demo and the tests, on any machine.

`up()` makes it and gives a Cluster; `load()` gives the Cluster that the last `up()` made.
The work is in lifecycle.py; README.md tells how the parts fit.
"""

from tests.cluster.cluster import Cluster, Images, load
from tests.cluster.errors import ClusterError
from tests.cluster.lifecycle import down, up

__all__ = ["Cluster", "ClusterError", "Images", "down", "load", "up"]

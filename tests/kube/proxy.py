"""The API server as it is: `kubectl get` leaves out what it finds dull, managedFields above all."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.kube.forward import listening
from tests.kube.kubectl import Kube


@contextmanager
def proxied(kube: Kube) -> Iterator[httpx.Client]:
    """Yield a client of the API server, with kubectl's rights."""
    with (
        listening(kube, "proxy", "--port=0", what="proxy") as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield client

"""The tests' own servers, in a namespace of theirs."""

import pytest

from tests.conftest import made_namespace
from tests.servers.start import Starter


@pytest.fixture(scope="module")
def starter(kube, cluster, authority):
    """What starts servers; they are gone after the module."""
    with made_namespace(kube) as name:
        yield Starter(kube, cluster, authority, name)

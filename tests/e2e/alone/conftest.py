"""The operator with other values for a while."""

from contextlib import contextmanager
from typing import Any

import pytest

from tests.conftest import VALUES, assert_sound
from tests.kube import install


@pytest.fixture(scope="module")
def configured(kube, cluster, authority):
    """What upgrades the one release with more values, and sets it back in the end."""

    @contextmanager
    def upgraded(more: dict[str, Any]):
        certificates = authority.cert_pem.bytes().decode()
        assert_sound(kube)
        try:
            install.install(cluster, certificates, VALUES | more)
            yield
            assert_sound(kube)
        finally:
            install.install(cluster, certificates, VALUES)

    return upgraded

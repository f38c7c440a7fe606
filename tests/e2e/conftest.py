"""The tests' own servers, in a namespace of theirs; the operator with other values for a while."""

from contextlib import contextmanager
from typing import Any

import pytest

from tests.conftest import VALUES, assert_sound, made_namespace
from tests.e2e.falapp import APP, Falapp, requirements
from tests.kube import install
from tests.servers.start import Starter


@pytest.fixture(scope="module")
def starter(kube, cluster, authority):
    """What starts servers; they are gone after the module."""
    with made_namespace(kube) as name:
        yield Starter(kube, cluster, authority, name)


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


@pytest.fixture(scope="module")
def falapp(kube, shared_namespace, tmp_path_factory):
    """The command line, in a folder with an app file."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "app.py").write_text(APP.replace("REQUIREMENTS", repr(requirements())))
    return Falapp.of(kube, shared_namespace, folder)

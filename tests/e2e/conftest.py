"""The tests' own servers, in a namespace of theirs, and the command line."""

import pytest

from tests.conftest import made_namespace
from tests.e2e.falapp import APP, Falapp, requirements
from tests.servers.start import Starter


@pytest.fixture(scope="module")
def starter(kube, cluster, authority):
    """What starts servers; they are gone after the module."""
    with made_namespace(kube) as name:
        yield Starter(kube, cluster, authority, name)


@pytest.fixture(scope="module")
def falapp(kube, shared_namespace, tmp_path_factory):
    """The command line, in a folder with an app file."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "app.py").write_text(APP.replace("REQUIREMENTS", repr(requirements())))
    return Falapp.of(kube, shared_namespace, folder)

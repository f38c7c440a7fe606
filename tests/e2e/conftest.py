"""The turn on the cluster, and the tests' own servers, in a namespace of theirs."""

from collections.abc import Generator

import pytest

from tests.conftest import made_namespace
from tests.e2e.falapp import APP, Falapp, requirements
from tests.servers.start import Starter
from tests.turns import TURN, is_alone


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Have the turn from a module's first test to its last; waiting is none of a test's time."""
    TURN.take(alone=is_alone(item.path))
    try:
        return (yield)
    finally:
        if nextitem is None or nextitem.path != item.path:
            TURN.give()


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

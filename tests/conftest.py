"""The cluster, the operator on it, and a namespace for each test, which goes when the test ends.

With `pytest -n` several processes share one run (`turns`): the first that needs the operator
installs it for all.
"""

import json
import secrets
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests import turns
from tests.cluster import Cluster, load
from tests.kube import install
from tests.kube.apps import MACHINE, Apps
from tests.kube.caller import Caller
from tests.kube.jobs import Jobs, watched
from tests.kube.kubectl import Kube, KubectlError
from tests.kube.login import login_secret
from tests.kube.pods import python_pod
from tests.leaks.canary import Canaries

Object = dict[str, Any]

ROOMS = {"unit": 20, "contract": 120, "index": 300, "integration": 900, "e2e": 900, "bench": 1800}
"""How many seconds a test may take in each room."""
PUSH = "e2e-push"
VALUES: Object = {
    "registry": {"pushSecret": PUSH},
    "requirementSecrets": {"namespaces": ["*"]},
    "operator": {"logLevel": "debug"},
    "machineTypes": {
        MACHINE: {
            "cpu": "500m",
            "memory": "384Mi",
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
        }
    },
}
"""What the operator is installed with for the tests, beside what fits the cluster."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the rooms, large modules first, and give each test the time of its room.

    Contract tests may compile Helm before theirs.
    """
    sizes = Counter(item.path for item in items)
    for item in items:
        room = item.path.relative_to(Path(__file__).parent).parts[0]
        item.add_marker(pytest.mark.timeout(ROOMS[room], func_only=room == "contract"))
    # What begins last should be short: the other processes are idle meanwhile.
    items.sort(key=lambda item: (turns.place(item.path), -sizes[item.path]))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> turns.Scheduling:
    """Say which process gets which tests."""
    return turns.Scheduling(config, log)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Have the turn from a module's first test to its last; waiting is none of a test's time."""
    if turns.is_on_cluster(item.path):
        turns.TURN.take(alone=turns.is_alone(item.path))
    try:
        return (yield)
    finally:
        if nextitem is None or nextitem.path != item.path:
            turns.TURN.give()


@pytest.fixture(scope="session")
def run_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the processes of this run share."""
    return turns.folder(request.config, tmp_path_factory)


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster that the cluster tool made; never another one."""
    return load()


@pytest.fixture(scope="session")
def authority(run_folder: Path) -> trustme.CA:
    """A certificate authority that only the chart's customCA tells the cluster of."""

    def make() -> str:
        made = trustme.CA()
        return json.dumps([pem.bytes().decode() for pem in (made.cert_pem, made.private_key_pem)])

    certificate, key = json.loads(turns.once(run_folder, "authority.json", make))
    return trustme.CA.from_pem(certificate.encode(), key.encode())


@pytest.fixture(scope="session")
def push_canaries(run_folder: Path) -> Canaries:
    """The marker of the password that builds push with; our own registry asks for none."""
    return Canaries(marker=turns.once(run_folder, "push-marker", lambda: Canaries().marker))


@pytest.fixture(scope="session")
def kube(
    cluster: Cluster, authority: trustme.CA, push_canaries: Canaries, run_folder: Path
) -> Iterator[Kube]:
    """kubectl on the cluster, with the operator of this checkout installed."""
    kube = Kube.of(cluster)

    def make() -> str:
        install.clear(kube)
        install.install(cluster, authority.cert_pem.bytes().decode(), VALUES)
        registry = cluster.registry.partition("/")[0]
        login = login_secret(PUSH, registry, "pusher", push_canaries.make())
        kube.apply(login, namespace=install.BUILDS)
        return install.RELEASE

    turns.once(run_folder, "installed", make)
    yield kube
    with turns.TURN.taken(alone=False):
        assert_sound(kube)


def assert_sound(kube: Kube) -> None:
    """Whatever the tests did, the operator never ended and met no bug of its own."""
    selector = f"app.kubernetes.io/instance={install.RELEASE}"
    for pod in kube.list("pods", install.NAMESPACE, selector):
        for container in pod["status"].get("containerStatuses", ()):
            assert container["restartCount"] == 0, container
        log = _log(kube, pod["metadata"]["name"])
        assert "this is a bug" not in log, log


def _log(kube: Kube, pod: str) -> str:
    """Return what an operator printed; a test of another process may send it away and back."""
    try:
        return kube.run("logs", "-n", install.NAMESPACE, pod)
    except KubectlError as error:
        if "not found" in str(error) or "waiting to start" in str(error):
            return ""
        raise


@contextmanager
def made_namespace(kube: Kube) -> Iterator[str]:
    name = f"{install.PREFIX}{secrets.token_hex(3)}"
    install.make_namespace(kube, name)
    try:
        yield name
    finally:
        kube.delete("namespace", name, wait=False)


@pytest.fixture
def namespace(kube: Kube) -> Iterator[str]:
    """A namespace that enforces Pod Security "restricted"."""
    with made_namespace(kube) as name:
        yield name


@pytest.fixture(scope="module")
def shared_namespace(kube: Kube) -> Iterator[str]:
    """A namespace for tests that look at one app from several sides."""
    with made_namespace(kube) as name:
        yield name


@pytest.fixture(scope="session")
def apps(kube: Kube) -> Apps:
    """FalApps, on the tests' own machine type where nothing else is said."""
    return Apps(kube)


@pytest.fixture
def jobs(kube: Kube) -> Iterator[Jobs]:
    """Every build Job that is started during the test."""
    with watched(kube) as seen:
        yield seen


@pytest.fixture(scope="session")
def caller(kube: Kube, cluster: Cluster) -> Iterator[Caller]:
    """A pod for calls, in a namespace of its own."""
    with made_namespace(kube) as name:
        image = cluster.images.base["3.11"]
        kube.apply(python_pod("caller", image, ["sleep", "7200"]), namespace=name)
        kube.run("wait", "pod/caller", "-n", name, "--for=condition=Ready", "--timeout=120s")
        yield Caller(kube, name)

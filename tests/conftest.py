"""The cluster, the operator on it, and a namespace for each test, which goes when the test ends."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.cluster import Cluster, load
from tests.kube import install
from tests.kube.jobs import Jobs, watched
from tests.kube.kubectl import Kube, condition, is_true, poll
from tests.kube.login import login_secret
from tests.kube.pods import python_pod
from tests.leaks.canary import Canaries

Object = dict[str, Any]

BUILD_SECONDS = 420
START_SECONDS = 180
STALLED_SECONDS = 30
ROOMS = {"unit": 20, "contract": 120, "index": 300, "integration": 900, "e2e": 900, "bench": 1800}
"""How many seconds a test may take in each room."""
PUSH = "e2e-push"
VALUES: Object = {
    "registry": {"pushSecret": PUSH},
    "requirementSecrets": {"namespaces": ["*"]},
    "operator": {"logLevel": "debug"},
}
"""What the operator is installed with for the tests, beside what fits the cluster."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the time of its room; contract tests may compile Helm before theirs."""
    for item in items:
        room = item.path.relative_to(Path(__file__).parent).parts[0]
        item.add_marker(pytest.mark.timeout(ROOMS[room], func_only=room == "contract"))


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster that the cluster tool made; never another one."""
    return load()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that only the chart's customCA tells the cluster of."""
    return trustme.CA()


@pytest.fixture(scope="session")
def push_canaries() -> Canaries:
    """The marker of the password that builds push with; our own registry asks for none."""
    return Canaries()


@pytest.fixture(scope="session")
def kube(cluster: Cluster, authority: trustme.CA, push_canaries: Canaries) -> Iterator[Kube]:
    """kubectl on the cluster, with the operator of this checkout installed."""
    kube = Kube.of(cluster)
    install.clear(kube)
    install.install(cluster, authority.cert_pem.bytes().decode(), VALUES)
    registry = cluster.registry.partition("/")[0]
    login = login_secret(PUSH, registry, "pusher", push_canaries.make())
    kube.apply(login, namespace=install.BUILDS)
    yield kube
    assert_sound(kube)


def assert_sound(kube: Kube) -> None:
    """Whatever the tests did, the operator never ended and met no bug of its own."""
    selector = f"app.kubernetes.io/instance={install.RELEASE}"
    for pod in kube.list("pods", install.NAMESPACE, selector):
        [container] = pod["status"]["containerStatuses"]
        assert container["restartCount"] == 0, container
        log = kube.run("logs", "-n", install.NAMESPACE, pod["metadata"]["name"])
        assert "this is a bug" not in log, log


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


@dataclass
class Apps:
    """FalApps, as their users handle them."""

    kube: Kube

    def apply(self, namespace: str, name: str, **spec: Any) -> None:
        """kubectl apply."""
        self.kube.apply(
            {
                "apiVersion": "falapp.dev/v1alpha1",
                "kind": "FalApp",
                "metadata": {"name": name},
                "spec": {"machineType": "e2e", **spec},
            },
            namespace=namespace,
        )

    def get(self, namespace: str, name: str) -> Object:
        """kubectl get."""
        return self.kube.get("falapp", name, namespace) or {}

    def until(
        self, namespace: str, name: str, good: Callable[[Object], object], what: str, seconds: float
    ) -> Object:
        """Wait until the app is as it should be, and return it."""
        return poll(
            lambda: self.get(namespace, name),
            good,
            what=f"{namespace}/{name} {what}",
            seconds=seconds,
            describe=lambda app: json.dumps(app.get("status"), indent=1),
        )

    def ready(self, namespace: str, name: str, seconds: float = BUILD_SECONDS) -> Object:
        """Wait until the app is Ready for its present spec, and return it.

        What stays Stalled for a while needs a hand, and is not waited for.
        """
        since: list[float] = []

        def good(app: Object) -> bool:
            if not is_true(app, "Stalled"):
                since.clear()
            else:
                since.append(time.monotonic())
                assert since[-1] - since[0] < STALLED_SECONDS, json.dumps(app["status"], indent=1)
            return is_true(app, "Ready")

        return self.until(namespace, name, good, "is Ready", seconds)

    def stalled(
        self, namespace: str, name: str, reason: str, seconds: float = BUILD_SECONDS
    ) -> Object:
        """Wait until the app is Stalled for ``reason``, and return it."""
        return self.until(
            namespace,
            name,
            lambda a: is_true(a, "Stalled") and condition(a, "Stalled")["reason"] == reason,
            f"is stalled because of {reason}",
            seconds,
        )


@pytest.fixture(scope="session")
def apps(kube: Kube) -> Iterator[Apps]:
    """FalApps on a machine type that every node has room for, those with GPUs included."""
    machine = {
        "apiVersion": "falapp.dev/v1alpha1",
        "kind": "MachineType",
        "metadata": {"name": "e2e"},
        "spec": {
            "cpu": "500m",
            "memory": "384Mi",
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
        },
    }
    kube.apply(machine)
    yield Apps(kube)
    kube.delete("machinetype", "e2e")


@pytest.fixture
def jobs(kube: Kube) -> Iterator[Jobs]:
    """Every build Job that is started during the test."""
    with watched(kube) as seen:
        yield seen


@dataclass(frozen=True)
class Caller:
    """A pod that calls apps as other pods do: by the name of their Service."""

    kube: Kube
    namespace: str

    def post(self, url: str, body: Any) -> Any:
        """POST ``body`` as JSON and return the answer."""
        text = self.kube.run(
            *("exec", "-n", self.namespace, "caller", "--"),
            *("python3", "-c", POST, url, json.dumps(body)),
        )
        return json.loads(text)

    def until(self, url: str, body: Any, answer: Any) -> None:
        """POST until the answer is ``answer``: nodes learn of new endpoints within seconds."""
        poll(
            lambda: self.post(url, body),
            lambda found: found == answer,
            what=f"{url} answers {answer}",
            seconds=15,
        )


# kube-proxy gathers changes for a second: a Service whose first endpoint is that young refuses.
POST = """\
import sys, time, urllib.error, urllib.request
url, body = sys.argv[1:]
request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"})
deadline = time.monotonic() + 15
while True:
    try:
        print(urllib.request.urlopen(request, timeout=30).read().decode())
        break
    except urllib.error.URLError as error:
        refused = isinstance(getattr(error, "reason", None), ConnectionRefusedError)
        # Met once: 404 of whoever was at the address before, in the first second of a Service.
        stranger = getattr(error, "code", 0) == 404 and time.monotonic() < deadline - 12
        if not (refused or stranger) or time.monotonic() > deadline:
            raise
    time.sleep(0.2)
"""


@pytest.fixture(scope="session")
def caller(kube: Kube, cluster: Cluster) -> Iterator[Caller]:
    """A pod for calls, in a namespace of its own."""
    with made_namespace(kube) as name:
        image = cluster.images.base["3.11"]
        kube.apply(python_pod("caller", image, ["sleep", "7200"]), namespace=name)
        kube.run("wait", "pod/caller", "-n", name, "--for=condition=Ready", "--timeout=120s")
        yield Caller(kube, name)

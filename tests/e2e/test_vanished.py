"""An image that the registry has lost is noticed when a node cannot pull it, and built again."""

import secrets

import pytest

from tests.kube.kubectl import condition, poll
from tests.leaks import registry
from tests.servers import words
from tests.servers.packages import wheel

PACKAGE = "falapp-lost"
WORD = f"lost {secrets.token_hex(4)}"


@pytest.fixture
def spec(starter):
    index = starter.index([wheel(PACKAGE, WORD)], {})
    starter.wait(index)
    requirements = [f"--extra-index-url={index.url('simple/')}", PACKAGE]
    return {**words.app(PACKAGE), "requirements": requirements}


@pytest.fixture
def stored(kube, cluster, starter):
    with registry.reached(kube, cluster, starter.namespace) as reached:
        yield reached


@pytest.fixture
def machines(kube):
    """A machine type for each of two nodes: what one node has pulled, the other has not."""
    nodes = [node["metadata"]["name"] for node in kube.list("nodes")]
    assert len(nodes) > 1, "this needs a second node, which has not pulled the image"
    names = [f"e2e-node-{number}" for number in range(2)]
    for name, node in zip(names, nodes, strict=False):
        here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
        spec = {
            "cpu": "250m",
            "memory": "256Mi",
            "tolerations": [{"operator": "Exists"}],
            "nodeSelectorTerms": [{"matchExpressions": [here]}],
        }
        metadata = {"name": name}
        kind = {"apiVersion": "falapp.dev/v1alpha1", "kind": "MachineType"}
        kube.apply({**kind, "metadata": metadata, "spec": spec})
    yield names
    for name in names:
        kube.delete("machinetype", name)


def test_a_vanished_image_is_built_again_while_the_old_runner_serves(  # noqa: PLR0917
    apps, jobs, caller, namespace, spec, stored, machines
):
    first, second = machines
    apps.apply(namespace, "lost", **spec, machineType=first)
    app = apps.ready(namespace, "lost")
    name = app["status"]["environment"]["name"]
    image = app["status"]["environment"]["image"]
    repository, _, digest = image.partition("/")[2].partition("@")
    stored.delete(repository, digest)
    apps.apply(namespace, "lost", **spec, machineType=second)
    poll(
        lambda: jobs.started(name),
        lambda started: started == 2,
        what="the image is built again",
        seconds=60,
    )
    told = {PACKAGE.replace("-", "_"): WORD}
    assert caller.post(app["status"]["url"], {}) == told
    app = apps.ready(namespace, "lost")
    assert condition(app, "EnvironmentReady")["reason"] == "Built"
    assert caller.post(app["status"]["url"], {}) == told
    assert jobs.started(name) == 2

"""How long an environment takes, cold and after a small change, beside `docker build` and push."""

import pytest

from tests.bench.environments import Built, Host, app, build, layers
from tests.bench.record import Pair, record
from tests.cluster import Cluster
from tests.kube.kubectl import Kube

ROUNDS = 3
PACKAGES = (
    "nvidia-nccl-cu12==2.27.5",
    "xgboost==3.0.5",
    "scipy==1.16.2",
    "pandas==2.3.3",
    "requests==2.32.4",
)
"""0.7 GB of wheels with what they need."""
CHANGED = (*PACKAGES[:-1], "requests==2.32.5")
MORE = (*PACKAGES, "tabulate==0.9.0")


@pytest.fixture
def host(cluster: Cluster) -> Host:
    return Host(cluster.ca_bundle)


@pytest.mark.bench
def test_cold_and_changed_environments(kube: Kube, cluster: Cluster, namespace, host, capsys):
    """Each round has a base of its own, so that nothing of an earlier one is found."""
    cold_uv, cold_pip, changed, bytes_sent, added = [], [], [], [], []
    for _ in range(ROUNDS):
        with host.base(cluster.images.base["3.11"], cluster.registry) as base:
            ours = build(kube, namespace, app(base, PACKAGES))
            by_hand = host.seconds(base, cluster.registry, PACKAGES)
            pip = build(kube, namespace, app(base, PACKAGES, resolver="pip"))
            small = build(kube, namespace, app(base, CHANGED))
            more = build(kube, namespace, app(base, MORE))
        cold_uv.append(Pair(value=ours.seconds, baseline=by_hand))
        cold_pip.append(Pair(value=pip.seconds, baseline=by_hand))
        changed.append(Pair(value=small.seconds, baseline=ours.seconds))
        bytes_sent.append(new_layer(host, cluster, ours, small))
        added.append(new_layer(host, cluster, ours, more))
    about = versions()
    kept = [
        record("build", "cold-uv", cold_uv, unit="s", goal=0.7, versions=about),
        record("build", "cold-pip", cold_pip, unit="s", goal=1.3, versions=about),
        record("build", "small-change", changed, unit="s", goal=0.35, versions=about),
        record("build", "small-change-bytes", bytes_sent, unit="bytes", goal=1.2, versions=about),
        record("build", "one-more-package-bytes", added, unit="bytes", goal=1.2, versions=about),
    ]
    with capsys.disabled():
        for one in kept:
            print(f"\n{one.name}: {one.value} {one.unit}, against {one.baseline}: {one.ratio}")
    assert all(len(one.runs) == ROUNDS for one in kept)


def new_layer(host: Host, cluster: Cluster, before: Built, after: Built) -> Pair:
    """Return what was uploaded, beside the one layer that differs; every other one is the same."""
    old = layers(host, cluster.registry, before.status["image"])
    new = layers(host, cluster.registry, after.status["image"])
    [digest] = set(new) - set(old)
    return Pair(value=after.status["bytes"], baseline=new[digest])


def versions() -> dict[str, str]:
    """Return what was measured."""
    return {"falapp": "0.1.0", "kaniko": "v1.24.0", "packages": " ".join(PACKAGES)}

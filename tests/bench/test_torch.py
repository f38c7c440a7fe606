"""A real environment, once: 3 GB of wheels, and then one small package more."""

import pytest

from tests.bench.environments import Host, app, build
from tests.bench.record import Pair, record
from tests.bench.steps import nodes, steps, watched
from tests.cluster import Cluster
from tests.kube.kubectl import Kube

PACKAGES = ("torch==2.6.0", "diffusers==0.35.2", "transformers==4.57.1")
MORE = (*PACKAGES, "tabulate==0.9.0")
HALF = ("nvidia-cublas-cu12==12.4.5.8", "nvidia-nccl-cu12==2.21.5")
"""0.55 GB of wheels of one family, and so one layer."""


@pytest.mark.bench
def test_torch_and_one_package_more(kube: Kube, cluster: Cluster, namespace, capsys):
    host = Host(cluster.ca_bundle)
    with (
        host.base(cluster.images.base["3.11"], cluster.registry) as base,
        watched(nodes(kube)) as peaks,
    ):
        cold = build(kube, namespace, app(base, PACKAGES))
        more = build(kube, namespace, app(base, MORE))
    details = {
        what: {"status": built.status, "steps": steps(kube, built.name, peaks)}
        for what, built in {"cold": cold, "more": more}.items()
    }
    kept = record(
        "build",
        "torch-one-more",
        [Pair(value=more.seconds, baseline=cold.seconds)],
        unit="s",
        goal=0.15,
        versions={"kaniko": "v1.24.0", "packages": " ".join(PACKAGES)},
        details=details,
    )
    with capsys.disabled():
        print(f"\n{kept.name}: {kept.value} s, cold {kept.baseline} s: {kept.ratio}")
    assert details["cold"]["status"]["packages"] > 40


@pytest.mark.bench
def test_memory_of_a_large_layer(kube: Kube, cluster: Cluster, namespace, capsys):
    host = Host(cluster.ca_bundle)
    with (
        host.base(cluster.images.base["3.11"], cluster.registry) as base,
        watched(nodes(kube), every=0.5) as peaks,
    ):
        built = build(kube, namespace, app(base, HALF))
    found = steps(kube, built.name, peaks)
    limit = 1.5 * 2**30
    kept = record(
        "build",
        "kaniko-memory",
        [Pair(value=found["wheels"]["peakBytes"], baseline=limit)],
        unit="bytes",
        goal=1.0,
        versions={"kaniko": "v1.24.0", "packages": " ".join(HALF)},
        details=found,
    )
    with capsys.disabled():
        print(f"\n{kept.name}: {kept.value / 2**20:.0f} MiB of {limit / 2**20:.0f}")
    assert found["wheels"]["peakBytes"] > 0

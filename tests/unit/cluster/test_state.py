from pathlib import Path

import pytest

from tests.cluster import cluster
from tests.cluster.cluster import Cluster, Images
from tests.cluster.errors import ClusterError

MADE = Cluster(
    kubeconfig=Path("/cache/kubeconfig"),
    context="kind-falapp",
    kubectl=Path("/cache/bin/kubectl"),
    helm=Path("/cache/bin/helm"),
    registry="kind-registry:5000",
    insecure=True,
    images=Images(
        operator="kind-registry:5000/falapp/operator@sha256:01",
        builder="kind-registry:5000/falapp/builder@sha256:02",
        runtime={"3.11": "kind-registry:5000/falapp/runtime-3.11@sha256:03"},
        base={"3.11": "kind-registry:5000/falapp/python@sha256:04"},
        kaniko="kind-registry:5000/falapp/kaniko@sha256:05",
        servers="kind-registry:5000/falapp/servers@sha256:06",
    ),
    ca_bundle=Path("/etc/ssl/certs/ca-certificates.crt"),
    way="assembled",
)


def test_what_is_saved_is_what_is_loaded(tmp_path):
    cluster.save(MADE, tmp_path / "cluster.json")
    assert cluster.load(tmp_path / "cluster.json") == MADE
    assert [path.name for path in tmp_path.iterdir()] == ["cluster.json"]


def test_no_bundle_stays_no_bundle():
    plain = Cluster(**{**vars(MADE), "ca_bundle": None})
    assert cluster.parse(cluster.dump(plain)) == plain


def test_no_cluster_says_how_to_make_one(tmp_path):
    with pytest.raises(ClusterError, match=r"there is no cluster yet.*tests\.cluster up"):
        cluster.load(tmp_path / "cluster.json")


@pytest.mark.parametrize("text", ["", "{}", '{"kubeconfig": "/x", "surprise": 1}', "[]"])
def test_a_file_of_another_version_is_refused_in_one_sentence(tmp_path, text):
    (tmp_path / "cluster.json").write_text(text)
    with pytest.raises(ClusterError, match="another version of this tool"):
        cluster.load(tmp_path / "cluster.json")

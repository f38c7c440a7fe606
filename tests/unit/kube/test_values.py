from pathlib import Path

import pytest

from tests.cluster import Cluster, Images
from tests.kube import install

IMAGES = Images(
    operator="operator:1", builder="builder:1", runtime={"3.11": "r"}, base={"3.11": "b"}, kaniko=""
)


@pytest.mark.parametrize("insecure", [True, False])
def test_the_chart_learns_how_the_registry_speaks(insecure):
    cluster = Cluster(
        kubeconfig=Path("kubeconfig"),
        context="lab",
        kubectl=Path("kubectl"),
        helm=Path("helm"),
        registry="registry.example/falapp",
        insecure=insecure,
        images=IMAGES,
        ca_bundle=None,
        way="existing",
    )
    assert install.values(cluster, "")["registry"] == {
        "repository": "registry.example/falapp/environments",
        "insecure": insecure,
    }

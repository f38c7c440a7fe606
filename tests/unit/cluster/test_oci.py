import json

from tests.cluster import oci
from tests.unit.builder.layouts import LAYER
from tests.unit.builder.oci import DOCKER, OCI, FakeRegistry, digest_of

MANIFEST = {
    "schemaVersion": 2,
    "mediaType": DOCKER,
    "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1},
    "layers": [{"mediaType": LAYER, "digest": "sha256:0"}],
}


def test_an_image_gets_ocis_names_and_keeps_its_blobs():
    with FakeRegistry() as registry:
        registry.put("1", json.dumps(MANIFEST).encode(), DOCKER)
        digest = oci.convert(registry.host, "falapp/base", "1", "1-oci")
        media_type, content = registry.manifests["1-oci"]
    assert (media_type, digest) == (OCI, digest_of(content))
    assert b"docker" not in content
    assert json.loads(content)["layers"][0]["digest"] == "sha256:0"

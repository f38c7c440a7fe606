"""An image under OCI's names, as Docker Hub has the official ones; `docker push` writes its own.

It matters: Kaniko compresses layers with zstd where the base's manifest is OCI's, and with gzip,
several times slower, where it is Docker's. The blobs stay as they are.
"""

import json
import urllib.request

from tests.cluster.registry import OPEN

_DOCKER = "application/vnd.docker."
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_NAMES = {
    f"{_DOCKER}distribution.manifest.v2+json": MANIFEST,
    f"{_DOCKER}container.image.v1+json": "application/vnd.oci.image.config.v1+json",
    f"{_DOCKER}image.rootfs.diff.tar.gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
}


def convert(host: str, repository: str, tag: str, to: str) -> str:
    """Give an image of a registry on this machine another tag, under OCI's names.

    Returns:
        The digest that it has then.
    """
    base = f"http://{host}/v2/{repository}/manifests"
    asked = urllib.request.Request(f"{base}/{tag}", headers={"Accept": ", ".join(_NAMES)})
    with OPEN(asked, timeout=30) as answer:
        manifest = json.load(answer)
    content = json.dumps(renamed(manifest)).encode()
    put = urllib.request.Request(
        f"{base}/{to}", content, headers={"Content-Type": MANIFEST}, method="PUT"
    )
    with OPEN(put, timeout=30) as answer:
        return str(answer.headers["Docker-Content-Digest"])


def renamed(manifest: dict[str, object]) -> dict[str, object]:
    """Return a manifest of one image under OCI's names."""

    def part(value: object) -> object:
        if isinstance(value, dict):
            return {key: part(item) for key, item in value.items()}
        if isinstance(value, list):
            return [part(item) for item in value]
        return _NAMES.get(value, value) if isinstance(value, str) else value

    return {key: part(value) for key, value in manifest.items()}

"""Everything that a registry holds and did not hold before."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from tests.cluster import Cluster
from tests.kube.forward import forwarded
from tests.kube.kubectl import Kube
from tests.kube.pods import python_pod
from tests.leaks.places import Item, Place

_MANIFESTS = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.manifest.v1",
        "oci.image.index.v1",
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
    )
)
_PLACES = {
    "application/vnd.falapp.pylock.v1+toml": Place.LOCKS,
    "application/vnd.cyclonedx+json": Place.BILLS,
}
RELAY = """\
import socket, ssl, sys, threading

host, plain = sys.argv[1], sys.argv[2] == "plain"
name, _, port = host.partition(":")


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def serve(client):
    far = socket.create_connection((name, int(port or 443)))
    if not plain:
        far = ssl.create_default_context().wrap_socket(far, server_hostname=name)
    threading.Thread(target=pump, args=(far, client), daemon=True).start()
    pump(client, far)


with socket.create_server(("", 5000)) as server:
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""


@dataclass(frozen=True)
class Registry:
    """The registry of the cluster, as its pods reach it."""

    api: httpx.Client
    cluster: Cluster

    def tags(self) -> set[tuple[str, str]]:
        """Return all tags of all repositories but those of our own images: (repository, tag)."""
        prefix = self.cluster.registry.partition("/")[2]
        own = "/".join(part for part in (prefix, "falapp") if part) + "/"
        found = set()
        for repository in self._get("/v2/_catalog?n=1000").json()["repositories"]:
            if repository.startswith(own):
                continue
            answer = self.api.get(f"/v2/{repository}/tags/list")
            tags = answer.json().get("tags") if answer.is_success else None
            found |= {(repository, tag) for tag in tags or ()}
        return found

    def items(self, tags: set[tuple[str, str]]) -> Iterator[Item]:
        """Yield what is behind tags: manifests, configurations, and every blob, each once."""
        read: set[str] = set()
        for repository, tag in sorted(tags):
            yield Item(Place.MANIFESTS, f"tag {repository}:{tag}", tag.encode())
            yield from self._manifest(repository, tag, read)

    def manifest(self, repository: str, reference: str) -> dict:
        """Return a manifest."""
        path = f"/v2/{repository}/manifests/{reference}"
        return dict(self._get(path, headers={"Accept": _MANIFESTS}).json())

    def blob(self, repository: str, digest: str) -> bytes:
        """Return a blob."""
        return self._get(f"/v2/{repository}/blobs/{digest}").content

    def put(self, repository: str, tag: str, parts: Iterable[tuple[str, bytes]]) -> None:
        """Push an artifact: the configuration, then layers, each with its media type."""
        blobs = [self._upload(repository, media_type, content) for media_type, content in parts]
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": blobs[0],
            "layers": blobs[1:],
        }
        headers = {"Content-Type": str(manifest["mediaType"])}
        path = f"/v2/{repository}/manifests/{tag}"
        self.api.put(path, content=json.dumps(manifest), headers=headers).raise_for_status()

    def copy(self, source: "Registry", image: str, repository: str, tag: str) -> None:
        """Copy an image of another registry as it is; ``image`` is repository@digest there."""
        origin, _, digest = image.partition("@")
        found = source._get(f"/v2/{origin}/manifests/{digest}", headers={"Accept": _MANIFESTS})
        manifest = found.json()
        for part in (manifest["config"], *manifest["layers"]):
            self._upload(repository, part["mediaType"], source.blob(origin, part["digest"]))
        headers = {"Content-Type": found.headers["Content-Type"]}
        path = f"/v2/{repository}/manifests/{tag}"
        self.api.put(path, content=found.content, headers=headers).raise_for_status()

    def delete(self, repository: str, tag: str) -> None:
        """Delete what a tag names."""
        headers = {"Accept": _MANIFESTS}
        answer = self.api.head(f"/v2/{repository}/manifests/{tag}", headers=headers)
        digest = answer.headers["Docker-Content-Digest"]
        self.api.delete(f"/v2/{repository}/manifests/{digest}").raise_for_status()

    def _upload(self, repository: str, media_type: str, content: bytes) -> dict:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        begun = self.api.post(f"/v2/{repository}/blobs/uploads/")
        begun.raise_for_status()
        where = httpx.URL(begun.headers["Location"])
        path = httpx.URL(where.raw_path.decode()).copy_merge_params({"digest": digest})
        self.api.put(path, content=content).raise_for_status()
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def _manifest(self, repository: str, reference: str, read: set[str]) -> Iterator[Item]:
        answer = self._get(
            f"/v2/{repository}/manifests/{reference}", headers={"Accept": _MANIFESTS}
        )
        yield Item(Place.MANIFESTS, f"{repository}:{reference}", answer.content)
        manifest = answer.json()
        for inner in manifest.get("manifests", ()):
            yield from self._manifest(repository, inner["digest"], read)
        parts = [(manifest["config"], Place.CONFIGS)] if "config" in manifest else []
        layers = manifest.get("layers", ())
        parts += [(layer, _PLACES.get(layer["mediaType"], Place.LAYERS)) for layer in layers]
        for part, place in parts:
            digest = part["digest"]
            if digest not in read:
                read.add(digest)
                yield Item(place, f"{repository}@{digest}", self.blob(repository, digest))

    def _get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        answer = self.api.get(path, headers=headers)
        answer.raise_for_status()
        return answer


@contextmanager
def reached(kube: Kube, cluster: Cluster, namespace: str) -> Iterator[Registry]:
    """Reach the registry through a pod, since its name may mean something in the cluster only."""
    host = cluster.registry.partition("/")[0]
    command = ["python3", "-c", RELAY, host, "plain" if cluster.insecure else "tls"]
    probe = {"tcpSocket": {"port": 5000}, "periodSeconds": 1}
    pod = python_pod("relay", cluster.images.base["3.11"], command, readinessProbe=probe)
    kube.apply(pod, namespace=namespace)
    try:
        kube.run("wait", "pod/relay", "-n", namespace, "--for=condition=Ready", "--timeout=60s")
        with (
            forwarded(kube, namespace, "pod/relay", 5000) as address,
            httpx.Client(base_url=address, headers={"Host": host}, timeout=120) as api,
        ):
            yield Registry(api, cluster)
    finally:
        kube.delete("pod", "relay", namespace, wait=False)

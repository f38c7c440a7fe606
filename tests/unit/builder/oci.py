"""A registry in memory, as the distribution specification has it, and an OCI layout on disk."""

import hashlib
import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

from .server import Server, reply

OCI = "application/vnd.oci.image.manifest.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


class FakeRegistry(Server):
    """Holds blobs and manifests; `location` and `faults` make it a difficult one."""

    def __init__(self) -> None:
        super().__init__()
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.location = "http://{host}/v2/{repository}/blobs/uploads/u1?_state=a%2Fb%3D%3D"
        self.faults: dict[str, list[int]] = {}
        self.log: list[str] = []

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        what = f"{request.command} {'uploads' if '/uploads/' in parts.path else parts.path}"
        self.log.append(f"{request.command} {request.path}")
        key = next((k for k in self.faults if what.startswith(k)), None)
        if key and self.faults[key]:
            status = self.faults[key].pop(0)
            if status == 0:
                request.close_connection = True
                return None
            content = json.dumps({"errors": [{"code": "DENIED", "message": "no"}]}).encode()
            return reply(request, status, content)
        return self._served(request, parts.path, parts.query, body)

    def _served(self, request: BaseHTTPRequestHandler, path: str, query: str, body: bytes) -> None:
        repository, _, rest = path.removeprefix("/v2/").partition("/blobs/")
        if request.command == "HEAD":
            return reply(request, 200 if rest in self.blobs else 404)
        if request.command == "POST":
            where = self.location.format(host=self.host, repository=repository)
            return reply(request, 202, headers={"Location": where})
        if "/manifests/" in path:
            tag = path.rpartition("/")[2]
            self.manifests[tag] = (request.headers["Content-Type"], body)
            return reply(request, 201)
        if "_state" in self.location and "_state=a%2Fb%3D%3D" not in query:
            return reply(request, 400)
        (digest,) = parse_qs(query)["digest"]
        if digest != f"sha256:{hashlib.sha256(body).hexdigest()}":
            return reply(request, 400)
        self.blobs[digest] = body
        return reply(request, 201)


def make_layout(folder: Path, media_type: str = DOCKER) -> SimpleNamespace:
    """Write an image of three layers, two of them alike, and return what it is made of."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def blob(content: bytes) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"digest": f"sha256:{digest}", "size": len(content)}

    layers = [blob(b"base" * 100), blob(b"empty"), blob(b"empty")]
    config = {"architecture": "amd64", "config": {"Env": ["A=1"], "Labels": {"own": "label"}}}
    manifest = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": {"mediaType": "x/config", **blob(json.dumps(config).encode())},
        "layers": [{"mediaType": "x/layer", **layer} for layer in layers],
    }
    entry = {"mediaType": media_type, **blob(json.dumps(manifest).encode())}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    return SimpleNamespace(folder=folder, layers=[str(layer["digest"]) for layer in layers])

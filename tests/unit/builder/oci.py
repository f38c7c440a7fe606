"""A registry in memory, as the distribution specification has it."""

import hashlib
import json
from base64 import b64encode
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from .server import Server, reply

OCI = "application/vnd.oci.image.manifest.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


def _body(request: BaseHTTPRequestHandler) -> bytes:
    if request.headers.get("Transfer-Encoding") != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length", 0)))
    body = b""
    while size := int(request.rfile.readline(), 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class FakeRegistry(Server):
    """Holds blobs and manifests; `location`, `faults` and `login` make it a difficult one."""

    def __init__(self) -> None:
        super().__init__()
        self.blobs: dict[str, bytes] = {}
        self.only: dict[str, set[str]] = {}
        """The repositories that have a blob, for blobs that not all have."""
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.location = "http://{host}/v2/{repository}/blobs/uploads/u1?_state=a%2Fb%3D%3D"
        self.faults: dict[str, list[int]] = {}
        self.log: list[str] = []
        self.login = ""
        """`user:password` that the token service wants; empty lets everybody in without."""
        self.tokens: set[str] = set()
        self.mounts = True
        self.parts = b""
        """What has come of an upload."""
        self.sent: list[bytes] = []
        """Every body that ever came."""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        body = _body(request)
        if parts.path == "/token":
            return self._token(request, parts.query)
        what = f"{request.command} {'uploads' if '/uploads/' in parts.path else parts.path}"
        self.log.append(f"{request.command} {request.path}")
        self.sent.append(body)
        key = next((k for k in self.faults if what.startswith(k)), None)
        if key and self.faults[key]:
            status = self.faults[key].pop(0)
            if status == 0:
                request.close_connection = True
                return None
            content = json.dumps({"errors": [{"code": "DENIED", "message": "no"}]}).encode()
            return reply(request, status, content)
        if self.login and not self._knows(request):
            return self._unknown(request)
        return self._served(request, parts.path, parts.query, body)

    def put(self, target: str, content: bytes, media_type: str = OCI) -> str:
        """Hold a manifest under a tag, and return its digest."""
        self.manifests[target] = (media_type, content)
        return digest_of(content)

    def hold(self, content: bytes, *repositories: str) -> str:
        """Hold a blob in some repositories, or in all, and return its digest."""
        digest = digest_of(content)
        self.blobs[digest] = content
        if repositories:
            self.only[digest] = set(repositories)
        return digest

    def _served(self, request: BaseHTTPRequestHandler, path: str, query: str, body: bytes) -> None:
        if "/manifests/" in path:
            return self._manifest(request, path.rpartition("/")[2], body)
        repository, _, rest = path.removeprefix("/v2/").partition("/blobs/")
        if request.command in {"HEAD", "GET"}:
            there = rest in self.blobs and repository in self.only.get(rest, {repository})
            return reply(request, 200, self.blobs[rest]) if there else reply(request, 404)
        if request.command == "POST":
            return self._begun(request, repository, parse_qs(query))
        if request.command == "DELETE":
            return reply(request, 204)
        if request.command == "PATCH":
            self.parts += body
            return reply(request, 202, headers={"Location": request.path})
        return self._stored(request, repository, query, body)

    def _stored(
        self, request: BaseHTTPRequestHandler, repository: str, query: str, body: bytes
    ) -> None:
        (digest,) = parse_qs(query)["digest"]
        body, self.parts = self.parts + body, b""
        state = "_state" not in self.location or "_state=a%2Fb%3D%3D" in query
        if not state or digest != digest_of(body):
            return reply(request, 400)
        self.blobs[digest] = body
        if digest in self.only:
            self.only[digest].add(repository)
        return reply(request, 201)

    def _manifest(self, request: BaseHTTPRequestHandler, target: str, body: bytes) -> None:
        if request.command == "PUT":
            self.manifests[target] = (request.headers["Content-Type"], body)
            return reply(request, 201, headers={"Docker-Content-Digest": digest_of(body)})
        by_digest = {digest_of(raw): (kind, raw) for kind, raw in self.manifests.values()}
        if target not in self.manifests | by_digest:
            return reply(request, 404)
        media_type, content = (self.manifests | by_digest)[target]
        headers = {"Content-Type": media_type, "Docker-Content-Digest": digest_of(content)}
        return reply(request, 200, content, headers)

    def _begun(
        self, request: BaseHTTPRequestHandler, repository: str, query: dict[str, list[str]]
    ) -> None:
        digest, origin = query.get("mount", [""])[0], query.get("from", [""])[0]
        if self.mounts and digest in self.blobs and origin in self.only.get(digest, {origin}):
            self.only.get(digest, set()).add(repository)
            return reply(request, 201)
        where = self.location.format(host=self.host, repository=repository)
        return reply(request, 202, headers={"Location": where})

    def _knows(self, request: BaseHTTPRequestHandler) -> bool:
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.tokens

    def _unknown(self, request: BaseHTTPRequestHandler) -> None:
        bearer = f'Bearer realm="http://{self.host}/token",service="test",scope="repository:x:pull"'
        content = json.dumps({"errors": [{"code": "UNAUTHORIZED"}]}).encode()
        return reply(request, 401, content, {"WWW-Authenticate": bearer})

    def _token(self, request: BaseHTTPRequestHandler, query: str) -> None:
        sent = request.headers.get("Authorization", "")
        if sent != f"Basic {b64encode(self.login.encode()).decode()}":
            return reply(request, 401)
        token = f"token-{len(self.tokens)}"
        self.tokens.add(token)
        assert parse_qs(query)["service"] == ["test"]
        return reply(request, 200, json.dumps({"token": token}).encode())

"""A registry in memory that speaks the OCI distribution API, as far as cleaning goes."""

import hashlib
import json

import httpx

from falapp_operator.cluster.repository import Repository

REPOSITORY = "registry.example/team/environments"
_PATH = "/v2/team/environments"


def digest_of(word):
    """Return the digest that a layer of this word has."""
    return f"sha256:{hashlib.sha256(word.encode()).hexdigest()}"


class Store:
    """Manifests by digest, and tags; deleting a manifest takes its tags along."""

    def __init__(self, page=1000):
        self.manifests = {}
        self.tags = {}
        self.requests = []
        self.refusals = {}
        """{method: the response to all such requests}."""
        self.before_delete = lambda: None
        self._page = page

    def push(self, tag, *layers, **more):
        """Push a manifest with layers, each a word; return its digest."""
        named = [{"digest": digest_of(word), "size": 1} for word in layers]
        content = json.dumps({"schemaVersion": 2, "layers": named, **more}).encode()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.manifests[digest] = content
        if tag:
            self.tags[tag] = digest
        return digest

    def repository(self):
        transport = httpx.MockTransport(self._answer)
        client = httpx.AsyncClient(transport=transport, follow_redirects=True)
        return Repository(client, REPOSITORY, insecure=False)

    def _answer(self, request):
        path = request.url.path.removeprefix(_PATH)
        self.requests.append(f"{request.method} {path}")
        if request.method in self.refusals:
            return self.refusals[request.method]
        if path == "/tags/list":
            return self._list(request)
        target = path.removeprefix("/manifests/")
        digest = self.tags.get(target, target)
        if digest not in self.manifests:
            return httpx.Response(404, json={"errors": [{"code": "MANIFEST_UNKNOWN"}]})
        if request.method == "DELETE":
            self.before_delete()
            del self.manifests[digest]
            self.tags = {tag: d for tag, d in self.tags.items() if d != digest}
            return httpx.Response(202)
        return httpx.Response(200, content=self.manifests[digest])

    def _list(self, request):
        after = request.url.params.get("last", "")
        left = sorted(tag for tag in self.tags if tag > after)
        page, more = left[: self._page], left[self._page :]
        link = f'<{_PATH}/tags/list?last={page[-1]}&n=1000>; rel="next"' if more else ""
        headers = {"Link": link} if link else {}
        return httpx.Response(200, headers=headers, json={"name": "x", "tags": page or None})

"""An API server on the loopback interface, in front of the one in memory, and a kubeconfig."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import yaml

from falapp_operator import errors
from falapp_operator.api import meta
from falapp_operator.api.objects import Ref
from falapp_operator.api.paths import PLURALS
from tests.unit.reconcile import fake

_KINDS = {plural: kind for (_, kind), plural in PLURALS.items()}
_PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+/[^/]+))(?:/namespaces/(?P<namespace>[^/]+))?"
    r"/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>log|portforward))?"
)


def at_once(coroutine):
    """Return what a coroutine returns that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


class Live:
    """The API server in memory, asked without waiting."""

    def __init__(self, cluster):
        self._cluster = cluster

    def get(self, where):
        return at_once(self._cluster.get(where))

    def list(self, api_version, kind, namespace, labels):
        found = self._cluster.list(api_version, kind, namespace, labels=labels)
        return at_once(found)


class Server:
    """What is there, what was asked, and what is refused."""

    def __init__(self, *objects):
        self.cluster = fake.Cluster(*objects)
        self.logs = {}
        """{"pod/container": text}."""
        self.requests = []
        self.refusals = {}
        """{"METHOD plural": (status, message)}."""
        self.conflicts = []
        """Why applying is refused unless it is by force."""
        self.installed = True
        """Whether falapp's kinds are."""
        handler = type("Handler", (_Handler,), {"world": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self):
        self._http.shutdown()
        self._http.server_close()

    def kubeconfig(self, path, namespace="video"):
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "c", "cluster": {"server": self.url}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
            "contexts": [
                {"name": n, "context": {"cluster": "c", "user": "u", "namespace": s}}
                for n, s in (("here", namespace), ("there", "elsewhere"))
            ],
        }
        path.write_text(yaml.safe_dump(config))
        return path

    def answer(self, method, target, query, body, kind):
        found = _PATH.fullmatch(target)
        if target == "/version":
            return 200, {"gitVersion": "v1.36.0"}
        if refusal := self.refusals.get(f"{method} {found['plural']}"):
            return refusal[0], _status(*refusal)
        if "apply" in kind and self.conflicts and "force" not in query:
            told = _status(409, "Apply failed")
            return 409, told | {"details": {"causes": self.conflicts}}
        if not self.installed and found["group"] == meta.API_VERSION:
            return 404, b"404 page not found\n"
        name, namespace = found["name"] or "", found["namespace"] or ""
        if found["sub"]:
            return 200, self.logs.get(f"{name}/{query['container']}", "").encode()
        where = Ref(
            api_version=found["core"] or found["group"],
            kind=_KINDS[found["plural"]],
            name=name,
            namespace=namespace,
        )
        return self._verb(method, where, query, body, kind)

    def _verb(  # noqa: PLR0911 - one a verb
        self, method, where, query, body, kind
    ):
        try:
            if method == "GET" and not where.name:
                listed = self.cluster.list(
                    where.api_version, where.kind, where.namespace,
                    labels=query.get("labelSelector", ""),
                )  # fmt: skip
                return 200, {"kind": "List", "items": list(at_once(listed))}
            live = at_once(self.cluster.get(where))
            if live is None and not (method == "POST" or "apply" in kind):
                return 404, _status(404, f"{where.name} not found", where.name)
            if method == "GET":
                return 200, live
            if method == "POST":
                return 201, at_once(self.cluster.create(body))
            if method == "DELETE":
                at_once(self.cluster.delete(where))
                return 200, _status(200, "deleted")
            if "merge-patch" in kind:
                merged = {k: _merged(live.get(k), v) for k, v in body.items()}
                self.cluster.change(where.kind, where.name, **merged)
                return 200, at_once(self.cluster.get(where))
            return 200, at_once(self.cluster.apply(body, force="force" in query))
        except errors.ConflictError as error:
            return 409, _status(409, str(error))


def _merged(old, new):
    """Merge as RFC 7386 has it."""
    if not isinstance(new, dict):
        return new
    made = dict(old) if isinstance(old, dict) else {}
    for key, value in new.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = _merged(made.get(key), value)
    return made


def _status(code, message, name=""):
    return {
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
        "message": message, "details": {"name": name} if name else {},
    }  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    def _do(self):
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(content) if content else None
        self.world.requests.append((self.command, parts.path, query, body))
        kind = self.headers.get("Content-Type", "")
        status, answer = self.world.answer(self.command, parts.path, query, body, kind)
        sent = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = do_PATCH = do_DELETE = _do  # noqa: N815 - the base calls them so

    def log_message(self, *_):
        """Say nothing."""

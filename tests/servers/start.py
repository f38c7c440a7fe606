"""Starts the servers: each a pod, a Service and what they read, gone with their namespace."""

import base64
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

from tests.cluster import Cluster, ClusterError
from tests.kube.kubectl import Kube
from tests.kube.pods import python_pod
from tests.servers.packages import File

CODE = Path(__file__).parent / "pod"
PORT, CLOSED = 8443, 8444
PLUS = "_plus_"
"""In place of what stands in the version of torch's wheels, and in no key of a ConfigMap."""
Object = dict[str, Any]


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    kube: Kube
    namespace: str
    name: str

    @property
    def host(self) -> str:
        return f"{self.name}.{self.namespace}.svc"

    def url(self, path: str = "", *, user: str = "", port: int = PORT) -> str:
        """Return an address; ``user`` is what stands before the @."""
        return f"https://{user and user + '@'}{self.host}:{port}/{path}"

    def run(self, *command: str) -> str:
        """Run something in its pod."""
        return self.kube.run("exec", "-n", self.namespace, self.name, "--", *command)

    def signed(self, file: str, token: str = "") -> str:
        """Sign the URL of an object, each time another one; ``token`` is a session's."""
        lifetime = str(3600 + secrets.randbelow(36000))
        sign = ("/opt/servers/bin/python", "/server/sign.py", self.url().rstrip("/"))
        return self.run(*sign, file, lifetime, token).strip()

    def fetched(self) -> list[str]:
        """Return the paths that builds downloaded from an index, once for each time."""
        asked = [line.split(" ", 2) for line in self.run("cat", "/tmp/asked").splitlines()]  # noqa: S108
        return [path for method, path, who in asked if method == "GET" and "httpx" in who]

    def dropped(self) -> str:
        """Return all that was posted to an index's /drop."""
        return self.run("sh", "-c", "cat /tmp/drop/* 2>/dev/null || true")


@dataclass(frozen=True)
class Starter:
    """Starts servers in one namespace."""

    kube: Kube
    cluster: Cluster
    authority: trustme.CA
    namespace: str

    def index(self, files: Iterable[File], users: Mapping[str, str]) -> Server:
        """Start a package index: /simple/, and all files as links on /packages/.

        Without users it is open to everybody.
        """
        content = {file.name.replace("+", PLUS): file.content for file in files}
        return self._start("index", content, {"users.json": users})

    def git(
        self, repositories: Mapping[str, list[Object]], tokens: Mapping[str, list[str]]
    ) -> Server:
        """Start a git server; tokens say which repositories they are for."""
        content = {"repositories.json": json.dumps(repositories).encode()}
        return self._start("git", content, {"tokens.json": tokens})

    def store(self, files: Iterable[File], key: str) -> Server:
        """Start an object store, which signs with this key."""
        content = {file.name: file.content for file in files}
        return self._start("store", content, {"key.json": {"access": "tests", "secret": key}})

    def registry(self, users: Mapping[str, str], node_port: int) -> Server:
        """Start a registry that wants a login, and that nodes reach by a port of their own."""
        return self._start("registry", {}, {"users.json": users}, node_port)

    def _start(
        self,
        name: str,
        content: Mapping[str, bytes],
        told: Mapping[str, Any],
        node_port: int | None = None,
    ) -> Server:
        if not self.cluster.images.servers:
            raise ClusterError(
                "the image of the tests' servers is not built; "
                "run `python -m tests.cluster up --servers`"
            )
        server = Server(self.kube, self.namespace, name)
        pem = self.authority.issue_cert(server.host).private_key_and_cert_chain_pem.bytes()
        code = {path.name: path.read_bytes() for path in CODE.glob("*.py")}
        secret = {key: json.dumps(value).encode() for key, value in told.items()}
        self.kube.apply(
            _data("ConfigMap", f"{name}-server", "binaryData", code),
            _data("ConfigMap", f"{name}-files", "binaryData", content),
            _data("Secret", f"{name}-secrets", "data", secret),
            _data("Secret", f"{name}-tls", "data", {"tls.pem": pem}),
            _service(name, node_port),
            _pod(name, self.cluster.images.servers),
            namespace=self.namespace,
        )
        return server

    def wait(self, *servers: Server) -> None:
        """Wait until servers answer."""
        names = [f"pod/{server.name}" for server in servers]
        ready = ("--for=condition=Ready", "--timeout=180s")
        self.kube.run("wait", *names, "-n", self.namespace, *ready, timeout=200)


def _data(kind: str, name: str, field: str, content: Mapping[str, bytes]) -> Object:
    encoded = {key: base64.b64encode(value).decode() for key, value in content.items()}
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, field: encoded}


def _service(name: str, node_port: int | None) -> Object:
    """Return a Service with a port more than anybody listens on."""
    ports: list[Object] = [{"name": str(port), "port": port} for port in (PORT, CLOSED)]
    spec: Object = {"selector": {"app": name}, "ports": ports}
    if node_port:
        spec["type"] = "NodePort"
        ports[0]["nodePort"] = node_port
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def _pod(name: str, image: str) -> Object:
    mounts = {what: f"{name}-{what}" for what in ("server", "files", "secrets", "tls")}
    pod = python_pod(
        name,
        image,
        ["/opt/servers/bin/python", "-B", f"/server/{name}.py"],
        readinessProbe={"tcpSocket": {"port": PORT}, "periodSeconds": 1},
        resources={"requests": {"cpu": "10m", "memory": "64Mi"}},
        volumeMounts=[{"name": what, "mountPath": f"/{what}"} for what in mounts],
    )
    pod["spec"]["volumes"] = [
        {"name": what, "secret": {"secretName": source}}
        if what in ("secrets", "tls")
        else {"name": what, "configMap": {"name": source}}
        for what, source in mounts.items()
    ]
    return pod

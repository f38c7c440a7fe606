"""A control plane without nodes: etcd, the API server, and the controllers that we rely on.

It is made anew for each session in a folder of its own, on ports that were free, so that nothing
that was left over is in its way.
"""

import contextlib
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import trustme
import yaml

from tests.faults import processes, programs

_TOKEN = "token-of-the-tests"  # noqa: S105 - of a server that ends with the tests
_SECONDS = 60
_CONTROLLERS = (
    "garbage-collector-controller",
    "namespace-controller",
    "deployment-controller",
    "replicaset-controller",
    "job-controller",
    "disruption-controller",
)


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where an API server is, and how to talk to it."""

    url: str
    token: str
    authority: Path

    def kubeconfig(self) -> str:
        """Return a kubeconfig for it."""
        cluster: dict[str, str] = {"server": self.url}
        if self.url.startswith("https"):
            cluster["certificate-authority"] = str(self.authority)
        context = {"cluster": "c", "user": "u"}
        return yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "here",
                "clusters": [{"name": "c", "cluster": cluster}],
                "users": [{"name": "u", "user": {"token": self.token}}],
                "contexts": [{"name": "here", "context": context}],
            }
        )


class ControlPlane:
    """The processes; `start` first, then install the kinds, then `control`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._programs = programs.linked(folder)
        self._running: list[subprocess.Popen[bytes]] = []
        self.server = self._certified(free_port())

    def start(self) -> None:
        """Start etcd and the API server."""
        folder, port = self._folder, self.server.url.rpartition(":")[2]
        clients, peers = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self._run(
            "etcd",
            {
                "data-dir": folder / "etcd-data",
                "listen-client-urls": clients,
                "advertise-client-urls": clients,
                "listen-peer-urls": peers,
                "initial-advertise-peer-urls": peers,
                "initial-cluster": f"default={peers}",
                "unsafe-no-fsync": "true",
            },
        )
        self._run(
            "kube-apiserver",
            {
                "etcd-servers": clients,
                "bind-address": "127.0.0.1",
                "secure-port": port,
                "tls-cert-file": folder / "server.pem",
                "tls-private-key-file": folder / "server.key",
                "token-auth-file": folder / "tokens.csv",
                "authorization-mode": "RBAC",
                "service-account-issuer": "https://kubernetes.default.svc",
                "service-account-signing-key-file": folder / "server.key",
                "service-account-key-file": folder / "server.key",
                "service-cluster-ip-range": "10.0.0.0/16",
                # Pods here run nowhere, so they need no account.
                "disable-admission-plugins": "ServiceAccount",
                "endpoint-reconciler-type": "none",
            },
        )
        self._await(f"{self.server.url}/readyz", "kube-apiserver")

    def control(self) -> None:
        """Start the controllers; the garbage collector learns of our kinds when it starts."""
        config = self._folder / "controllers.kubeconfig"
        config.write_text(self.server.kubeconfig())
        port = free_port()
        self._run(
            "kube-controller-manager",
            {
                "kubeconfig": config,
                "authentication-kubeconfig": config,
                "authorization-kubeconfig": config,
                "bind-address": "127.0.0.1",
                "secure-port": port,
                "tls-cert-file": self._folder / "server.pem",
                "tls-private-key-file": self._folder / "server.key",
                "leader-elect": "false",
                "kube-api-qps": 500,
                "kube-api-burst": 1000,
                "controllers": ",".join(_CONTROLLERS),
            },
        )
        self._await(f"https://127.0.0.1:{port}/healthz", "kube-controller-manager")

    def stop(self) -> None:
        """End what was started, the last first."""
        for process in reversed(self._running):
            processes.end(process)

    def _certified(self, port: int) -> Server:
        """Write certificates and the token, and return the server that they are for."""
        authority = trustme.CA()
        issued = authority.issue_cert("127.0.0.1", "localhost")
        issued.cert_chain_pems[0].write_to_path(self._folder / "server.pem")
        issued.private_key_pem.write_to_path(self._folder / "server.key")
        authority.cert_pem.write_to_path(self._folder / "ca.pem")
        (self._folder / "tokens.csv").write_text(f'{_TOKEN},tests,tests,"system:masters"\n')
        return Server(
            url=f"https://127.0.0.1:{port}", token=_TOKEN, authority=self._folder / "ca.pem"
        )

    def _run(self, name: str, options: Mapping[str, object]) -> None:
        argv = [str(self._programs[name]), *(f"--{key}={value}" for key, value in options.items())]
        self._running.append(processes.start(argv, self._log(name)))

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _await(self, url: str, name: str) -> None:
        """Wait until a program answers that it is well."""
        trust = ssl.create_default_context(cafile=str(self.server.authority))
        headers = {"Authorization": f"Bearer {_TOKEN}"}
        deadline, seen = time.monotonic() + _SECONDS, ""
        while time.monotonic() < deadline and self._running[-1].poll() is None:
            try:
                answer = httpx.get(url, headers=headers, verify=trust, timeout=5)
            except httpx.HTTPError as error:
                seen = str(error)
            else:
                if answer.is_success:
                    return
                seen = answer.text
            time.sleep(0.1)
        log = processes.tail(self._log(name))
        raise AssertionError(f"{name} is not well within {_SECONDS} s: {seen}\n{log}")


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with contextlib.closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def running(folder: Path) -> Iterator[ControlPlane]:
    """Have a control plane; its controllers are yet to be started."""
    made = ControlPlane(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()

"""A registry with a login, holding a copy of the cluster's base image."""

import secrets
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.kube import install
from tests.kube.forward import forwarded
from tests.kube.login import login_secret
from tests.leaks import registry
from tests.leaks.registry import Registry
from tests.servers.start import PORT, Server, Starter

NAMESPACE = "e2e-registry"
NODE_PORT = 30843
"""Nodes know both: tests/cluster/files/stamp/login.toml."""
USER = "tests"
OURS, PRIVATE = "falapp/python", "private/python"
"""Where the two copies of the base image are: the operator's own, and a user's."""


@dataclass(frozen=True)
class Login:
    """The registry, as its users know it."""

    server: Server
    digest: str
    """Of the base image."""
    password: str = field(default_factory=lambda: secrets.token_hex(12), repr=False)

    @property
    def host(self) -> str:
        return f"{self.server.host}:{PORT}"

    def secret(self, name: str, path: str = "", password: str = "") -> dict[str, Any]:
        """Return the Secret of a login, maybe for one path or with another password."""
        place = f"{self.host}/{path}" if path else self.host
        return login_secret(name, place, USER, password or self.password)

    def connect(self, *, connected: bool) -> None:
        """Have the registry's Service lead to it, or to nobody."""
        name = self.server.name if connected else "nobody"
        patch = f'{{"spec":{{"selector":{{"app":"{name}"}}}}}}'
        self.server.kube.run("patch", "service", "registry", "-n", NAMESPACE, "-p", patch)


@contextmanager
def started(starter: Starter) -> Iterator[Login]:
    """Start the registry, in a namespace whose name nodes know."""
    kube = starter.kube
    kube.delete("namespace", NAMESPACE)  # what a run that was ended may have left
    install.make_namespace(kube, NAMESPACE)
    try:
        here = Starter(kube, starter.cluster, starter.authority, NAMESPACE)
        image = starter.cluster.images.base["3.11"].partition("/")[2]
        server = Server(kube, NAMESPACE, "registry")
        login = Login(server, image.partition("@")[2])
        here.registry({USER: login.password}, NODE_PORT)
        here.wait(server)
        with (
            registry.reached(kube, starter.cluster, NAMESPACE) as source,
            _opened(login, starter) as target,
        ):
            for path in (OURS, PRIVATE):
                target.copy(source, image, path, "1")
        yield login
    finally:
        kube.delete("namespace", NAMESPACE, wait=False)


@contextmanager
def _opened(login: Login, starter: Starter) -> Iterator[Registry]:
    trust = ssl.create_default_context()
    trust.check_hostname = False  # 127.0.0.1 leads there
    starter.authority.configure_trust(trust)
    auth = (USER, login.password)
    with (
        forwarded(starter.kube, NAMESPACE, "pod/registry", PORT) as address,
        httpx.Client(
            base_url=address.replace("http:", "https:"), auth=auth, verify=trust, timeout=120
        ) as api,
    ):
        yield Registry(api, starter.cluster)

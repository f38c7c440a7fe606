"""What nodes are told of the registry with a login is where the tests start it."""

import tomllib
from pathlib import Path

from tests.cluster import node
from tests.servers import login, start

STAMP: Path = node.FILES / "stamp"


def test_nodes_are_told_where_the_registry_is():
    told = tomllib.loads((STAMP / "login.toml").read_text())
    host = f"registry.{login.NAMESPACE}.svc:{start.PORT}"
    assert told["server"] == f"https://{host}"
    assert list(told["host"]) == [f"https://127.0.0.1:{login.NODE_PORT}"]
    assert f"/etc/containerd/certs.d/{host}/hosts.toml" in (STAMP / "Dockerfile").read_text()

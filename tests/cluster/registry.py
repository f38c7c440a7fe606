"""The cluster's image registry: a container on the cluster's network, published on 127.0.0.1.

Docker pushes to 127.0.0.1, nodes and pods pull from kind-registry:5000. Its data is a Docker
volume, so what was pushed survives a replacement of the cluster.
"""

import shutil
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import docker, fingerprint, kind, versions
from tests.cluster.choice import Way
from tests.cluster.errors import ClusterError
from tests.cluster.run import Run, within

CONTAINER = "falapp-registry"
VOLUME = "falapp-registry"
INSIDE = "kind-registry:5000"
PORTS = range(5000, 5100)
FILES = Path(__file__).parent / "files" / "registry"

MANIFESTS = ", ".join(
    f"application/vnd.{kind_of}+json"
    for kind_of in (
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
        "oci.image.manifest.v1",
        "oci.image.index.v1",
    )
)
# Never through a proxy: it is this machine.
OPEN = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


@dataclass(frozen=True, kw_only=True)
class Registry:
    """A registry by its two names, as Docker and as the cluster's nodes know it."""

    pushed: str
    pulled: str
    readable: bool
    """Whether this tool may ask its API, plain and without a password."""
    insecure: bool = True
    """Whether it speaks plain HTTP, as the one that we start does."""

    def digest(self, repository: str, tag: str) -> str | None:
        """Give the digest of an image that the registry has, or None."""
        if not self.readable:
            return None
        host, _, prefix = self.pushed.partition("/")
        path = "/".join(part for part in (prefix, repository) if part)
        request = urllib.request.Request(
            f"http://{host}/v2/{path}/manifests/{tag}",
            headers={"Accept": MANIFESTS},
            method="HEAD",
        )
        try:
            with OPEN(request, timeout=10) as answer:
                found: str | None = answer.headers["Docker-Content-Digest"]
                return found
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise ClusterError(f"{host}: {path}:{tag} answered with {error.code}") from error
        except OSError as error:
            raise ClusterError(f"the registry on {host} does not answer: {error}") from error

    def answers(self) -> bool:
        """Tell whether the registry's API answers."""
        try:
            with OPEN(f"http://{self.pushed}/v2/", timeout=2):
                return True
        except OSError:
            return False


def ensure(run: Run, way: Way, root: str) -> Registry:
    """Have the registry run, made from these inputs."""
    stamp = fingerprint.of({"files": fingerprint.tree(FILES), "root": root, "way": way.value})
    container = docker.inspect(run, "container", CONTAINER)
    if container and not (container["State"]["Running"] and docker.label(container) == stamp):
        run.call(["docker", "rm", "--force", CONTAINER], log="registry")
        container = None
    if container is None:
        with run.progress.step("registry", "starting"):
            port = free_port()
            _start(run, _image(run, way, root, stamp), stamp, port)
    else:
        port = int(container["HostConfig"]["PortBindings"]["5000/tcp"][0]["HostPort"])
    registry = Registry(pushed=f"127.0.0.1:{port}", pulled=INSIDE, readable=True)
    if not within(30, registry.answers):
        raise ClusterError(
            f"the registry does not answer on {registry.pushed}; see `docker logs {CONTAINER}`"
        )
    return registry


def remove(run: Run) -> None:
    """Remove the registry and all that was pushed to it."""
    if docker.label(docker.inspect(run, "container", CONTAINER)):
        run.call(["docker", "rm", "--force", "--volumes", CONTAINER], log="registry")
    if docker.label(docker.inspect(run, "volume", VOLUME)):
        run.call(["docker", "volume", "rm", VOLUME], log="registry")


def free_port() -> int:
    """Find a port of this machine that nobody listens on; 5000 if it may be."""
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ClusterError(f"ports {PORTS.start} to {PORTS.stop - 1} are all taken; free one of them")


def _image(run: Run, way: Way, root: str, stamp: str) -> str:
    if way is Way.PULLED:
        return versions.REGISTRY_IMAGE
    name = f"falapp/registry:{stamp}"
    if not docker.inspect(run, "image", name):
        with run.cache.scratch("registry") as folder:
            shutil.copytree(FILES, folder, dirs_exist_ok=True)
            docker.build(run, folder, name, stamp=stamp, log="registry", args={"BASE": root})
    return name


def _start(run: Run, image: str, stamp: str, port: int) -> None:
    if docker.inspect(run, "volume", VOLUME) is None:
        label = f"{docker.LABEL}={VOLUME}"
        run.call(["docker", "volume", "create", "--label", label, VOLUME], log="registry")
    argv = ["docker", "run", "--detach", "--name", CONTAINER, "--label", f"{docker.LABEL}={stamp}"]
    argv += ["--network", kind.NETWORK, "--network-alias", INSIDE.partition(":")[0]]
    argv += ["--publish", f"127.0.0.1:{port}:5000", "--volume", f"{VOLUME}:/var/lib/registry"]
    argv += ["--env", "REGISTRY_STORAGE_DELETE_ENABLED=true", "--restart", "always"]
    run.call([*argv, image], log="registry", timeout=600)

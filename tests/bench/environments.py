"""Environments to measure: built by the operator, and by `docker build` on the same machine."""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx

from tests.cluster import oci
from tests.cluster.registry import CONTAINER
from tests.kube.kubectl import Kube, KubectlError

CODE = """\
import fal


class App(fal.App):
    @fal.endpoint("/")
    def hello(self) -> str:
        return ""
"""

DOCKERFILE = """\
FROM {base}
COPY pip /tmp/pip
{authority}\
RUN python3 -m venv --without-pip /opt/env \\
    && python3 /tmp/pip --python /opt/env/bin/python install --no-cache-dir {packages}
"""
AUTHORITY = "COPY ca.crt /tmp/ca.crt\nENV PIP_CERT=/tmp/ca.crt\n"


@dataclass(frozen=True)
class Host:
    """Docker on this machine, and the test registry as it is published on 127.0.0.1."""

    authority: Path | None

    @property
    def registry(self) -> str:
        """The registry's address for `docker push`."""
        said = _docker("port", CONTAINER, "5000/tcp").split()
        return said[0]

    @contextmanager
    def base(self, image: str, inside: str) -> Iterator[str]:
        """Give a base image that no environment was ever built on: the same, with another label.

        Args:
            image: The base, as the cluster names it.
            inside: The registry, as the cluster names it.
        """
        name = f"falapp/bench:{secrets.token_hex(4)}"
        there = image.replace(inside, self.registry, 1)
        with _folder() as folder:
            text = f"FROM {there}\nLABEL falapp.bench={name}\n"
            (folder / "Dockerfile").write_text(text)
            _docker("build", "--quiet", "--tag", f"{self.registry}/{name}", str(folder))
        _docker("push", "--quiet", f"{self.registry}/{name}")
        repository, _, tag = name.partition(":")
        oci.convert(self.registry, repository, tag, tag)
        try:
            yield f"{inside}/{name}"
        finally:
            _docker("rmi", "--force", f"{self.registry}/{name}")

    def seconds(self, base: str, inside: str, packages: Sequence[str]) -> float:
        """Return how long `docker build` and `docker push` of the packages take."""
        name = f"{self.registry}/falapp/bench:by-hand-{secrets.token_hex(4)}"
        spec = find_spec("pip")
        assert spec is not None
        assert spec.origin is not None
        with _folder() as folder:
            shutil.copytree(Path(spec.origin).parent, folder / "pip")
            if self.authority:
                shutil.copy(self.authority, folder / "ca.crt")
            text = DOCKERFILE.format(
                base=base.replace(inside, self.registry, 1),
                authority=AUTHORITY if self.authority else "",
                packages=" ".join(packages),
            )
            (folder / "Dockerfile").write_text(text)
            began = time.monotonic()
            _docker("build", "--no-cache", "--quiet", "--tag", name, str(folder))
            _docker("push", "--quiet", name)
            took = time.monotonic() - began
        _docker("rmi", "--force", name)
        return took


def _docker(*arguments: str) -> str:
    quiet = {**os.environ, "DOCKER_BUILDKIT": "0"}
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=False, env=quiet
    )
    assert done.returncode == 0, f"docker {arguments[0]}: {done.stderr[-2000:]}"
    return done.stdout


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="falapp-bench-") as name:
        yield Path(name)


def app(base: str, packages: Sequence[str], **spec: Any) -> dict[str, Any]:
    """Return a FalApp that asks for an environment, and for no runner."""
    return {
        "apiVersion": "falapp.dev/v1alpha1",
        "kind": "FalApp",
        "metadata": {"name": f"bench-{secrets.token_hex(3)}"},
        "spec": {
            "source": {"inline": {"app.py": CODE}},
            "entrypoint": "app.py",
            "replicas": 0,
            "image": {"name": base},
            "requirements": list(packages),
            **spec,
        },
    }


@dataclass(frozen=True, kw_only=True)
class Built:
    """What one environment took."""

    name: str
    """The Environment's name."""
    seconds: float
    """From `kubectl apply` to the image in the registry, as the FalApp tells."""
    status: dict[str, Any]
    """The Environment's status."""


def build(kube: Kube, namespace: str, falapp: dict[str, Any], limit: int = 1700) -> Built:
    """Have the operator make an app's environment."""
    name = falapp["metadata"]["name"]
    began = time.monotonic()
    kube.apply(falapp, namespace=namespace)
    wait = ("wait", f"falapp/{name}", "-n", namespace, "--for=condition=EnvironmentReady")
    try:
        kube.run(*wait, f"--timeout={limit}s", timeout=limit + 30)
    except KubectlError as error:
        found = kube.get("falapp", name, namespace) or {}
        raise AssertionError(json.dumps(found.get("status"), indent=1)) from error
    took = time.monotonic() - began
    environment = (kube.get("falapp", name, namespace) or {})["status"]["environment"]["name"]
    status = (kube.get("environment", environment, namespace) or {})["status"]
    return Built(name=environment, seconds=took, status=status)


def layers(host: Host, inside: str, image: str) -> dict[str, int]:
    """Return the layers of an image in the test registry: bytes by digest."""
    repository, _, digest = image.removeprefix(f"{inside}/").partition("@")
    answer = httpx.get(
        f"http://{host.registry}/v2/{repository}/manifests/{digest}",
        headers={"Accept": "application/vnd.oci.image.manifest.v1+json"},
        trust_env=False,
    )
    answer.raise_for_status()
    return {layer["digest"]: layer["size"] for layer in answer.json()["layers"]}

"""A build pod in a temporary folder, a package index and a registry on the loopback interface."""

import json
import shutil
import sys
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pip
import pytest

from falapp_builder.pod.places import Places

from .index import Index
from .layouts import Build
from .oci import FakeRegistry

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_INDEX_URL", "UV_CACHE_DIR", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Venvs see nothing of what this machine's Python happens to have installed."""
    real = venv.create

    def create(folder: Path, **options: Any) -> None:
        real(folder, **options | {"system_site_packages": False})

    monkeypatch.setattr(venv, "create", create)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Where everything is in this test's pod; uv is the real one."""
    tools = tmp_path / "tools"
    tools.mkdir()
    binary = Path(sys.executable).with_name("uv")
    (tools / "uv").symlink_to(binary if binary.exists() else str(shutil.which("uv")))
    (tools / "pip").symlink_to(Path(pip.__file__).parent)
    return Places(
        tools=tools,
        request=tmp_path / "request.json",
        secrets=tmp_path / "secrets",
        locks=tmp_path / "lock",
        plan=tmp_path / "plan",
        wheels=tmp_path / "wheels",
        cache=tmp_path / "cache",
        stage=tmp_path / "stage",
        authority=tmp_path / "ca.crt",
        pull=tmp_path / "pull.json",
        registry=tmp_path / "registry.json",
        push=tmp_path / "push.json",
        environment=tmp_path / "env",
        out=tmp_path / "out",
        termination=tmp_path / "termination-log",
    )


@pytest.fixture
def ask(places: Places) -> Callable[..., None]:
    """Write the request."""

    def written(*layers: list[str], **changes: Any) -> None:
        request = {
            "environment": "env-1",
            "namespace": "team",
            "pythonVersion": PYTHON,
            "platform": "linux/amd64",
            "base": "registry.example/python:3",
            "relayed": False,
            "cache": "",
            "resolver": "uv",
            "pytorchIndex": "",
            "layers": layers,
            "variables": [],
            "private": False,
            "image": "registry.example/environments",
            "tag": "env-key",
            "insecure": True,
        }
        places.request.write_text(json.dumps(request | changes))

    return written


@pytest.fixture
def environment(places: Places) -> Path:
    """An empty venv."""
    venv.create(places.environment, symlinks=True, system_site_packages=True)
    return places.environment


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """A package index that asks for user and password."""
    with Index(tmp_path / "index") as started:
        yield started


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry that behaves, until a test says otherwise."""
    with FakeRegistry() as started:
        yield started


@pytest.fixture
def build(places: Places, registry: FakeRegistry, ask: Callable[..., None]) -> Build:
    """A build of four groups, all of them new, whose base is in the same registry."""
    ask(["alpha"], image=f"{registry.host}/team/environments")
    return Build(places, registry)

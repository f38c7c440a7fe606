"""A build pod in a temporary folder, a package index and a registry on the loopback interface."""

import json
import shutil
import sys
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from falapp_builder.places import Places

from .index import Index
from .oci import FakeRegistry, make_layout

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_INDEX_URL", "UV_CACHE_DIR", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Where everything is in this test's pod; uv is the real one."""
    tools = tmp_path / "tools"
    tools.mkdir()
    binary = Path(sys.executable).with_name("uv")
    (tools / "uv").symlink_to(binary if binary.exists() else str(shutil.which("uv")))
    return Places(
        tools=tools,
        request=tmp_path / "request.json",
        locks=tmp_path / "lock",
        authority=tmp_path / "ca.crt",
        environment=tmp_path / "env",
        layout=tmp_path / "oci",
        termination=tmp_path / "termination-log",
    )


@pytest.fixture
def ask(places: Places) -> Callable[..., None]:
    """Write the request."""

    def written(*layers: list[str], **changes: Any) -> None:
        request = {
            "environment": "env-1",
            "pythonVersion": PYTHON,
            "layers": layers,
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
def image(places: Places) -> SimpleNamespace:
    """A small image in the place where Kaniko leaves it."""
    return make_layout(places.layout)

"""`make images`: what is built of which base, and what is printed for Helm."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.cluster import publish
from tests.cluster.errors import ClusterError

BASES = {"3.11": "base:1", "3.13": "base:2"}


def test_a_command_line_names_registry_tag_and_bases():
    registry, tag, bases = publish.read(["r.example/falapp/", "--tag=1", "3.13=base:2"])
    assert (registry, tag) == ("r.example/falapp", "1")
    assert bases == {"3.11": "python:3.11-slim-bookworm", "3.13": "base:2"}


def test_the_tag_is_the_projects_version_where_none_is_given():
    assert publish.read(["r.example/falapp"])[1] == "0.1.0"


@pytest.mark.parametrize("base", ["3.12=python:3.12", "python:3.11", "3.11="])
def test_a_base_that_is_none_is_refused(base, capsys):
    with pytest.raises(SystemExit):
        publish.read(["r.example/falapp", base])
    assert "PYTHON=IMAGE; Python is 3.11 or 3.13" in capsys.readouterr().err


@pytest.fixture
def docker(monkeypatch, tmp_path):
    """Stand in for Docker: remembers what it is asked, and the folders that it builds from."""
    asked = []
    uv = tmp_path / "uv"
    uv.write_bytes(b"\x7fELF")
    monkeypatch.setattr(publish.images, "uv_binary", lambda: uv)

    def run(argv, **_):
        asked.append(argv[1:])
        if argv[1] == "build":
            found = {str(p.relative_to(argv[-1])) for p in Path(argv[-1]).rglob("*")}
            assert {"Dockerfile", "tools/uv"} <= found
        name = argv[-1].rpartition(":")[0]
        return SimpleNamespace(
            stdout=json.dumps([{"RepoDigests": [f"{name}@sha256:{len(asked)}"]}])
        )

    monkeypatch.setattr(publish.subprocess, "run", run)
    return asked


def test_each_image_is_built_and_pushed_and_told_by_its_digest(docker):
    pushed = publish.build("r.example/f", "7", BASES)
    built = {argv[2]: argv[3:-1] for argv in docker if argv[0] == "build"}
    assert {name.removeprefix("r.example/f/") for name in built} == {
        *("operator:7", "builder:7", "runtime-3.11:7", "runtime-3.13:7")
    }
    for name, base, minor in (("operator", "base:1", "3.11"), ("runtime-3.13", "base:2", "3.13")):
        args = ["--build-arg", f"BASE={base}", "--build-arg", f"PYTHON_VERSION={minor}"]
        assert built[f"r.example/f/{name}:7"] == args
    assert [argv[1] for argv in docker if argv[0] == "push"] == list(built)
    assert pushed["operator"] == "r.example/f/operator@sha256:3"


def test_a_build_that_fails_is_an_error_and_pushes_nothing(docker, monkeypatch):
    failed = publish.subprocess.CalledProcessError(1, "docker")
    monkeypatch.setattr(publish.subprocess, "run", lambda *_, **__: (_ for _ in ()).throw(failed))
    with pytest.raises(ClusterError, match="docker build ended with 1"):
        publish.build("r.example/f", "7", BASES)
    assert docker == []

"""`falapp deploy` and `falapp plan` of a FalApp in YAML: which options are heeded beside it."""

import io
from pathlib import Path

import pytest
import yaml

from falapp_cli.main import run
from tests.unit import samples
from tests.unit.cli.test_render import HERE as CATALOGUE

COMMANDS = [["plan"], ["deploy", "--no-wait"]]


@pytest.fixture
def file(tmp_path):
    """A FalApp in YAML, called as one that is in production."""
    path = tmp_path / "app.yaml"
    path.write_text(yaml.safe_dump(samples.app("hello") | {"metadata": {"name": "hello"}}))
    return str(path)


@pytest.mark.parametrize("by", [["-f"], []], ids=["-f", "by its ending"])
def test_a_name_is_taken_in_place_of_the_files(server, file, by, capsys):
    before = server.cluster.find("FalApp", "hello")
    assert run(["deploy", *by, file, "--name", "canary", "--no-wait"]) == 0
    assert server.cluster.find("FalApp", "canary")["spec"] == samples.app_spec()
    assert server.cluster.find("FalApp", "hello") == before
    capsys.readouterr()
    assert run(["plan", *by, file, "--name", "canary", "-o", "name"]) == 0
    assert "service/canary" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("option", ["--secret", "--pull-secret", "--requirement"])
def test_options_for_reading_an_app_file_are_refused(server, file, command, option, capsys):
    assert run([*command, "-f", file, option, "x"]) == 3
    said = capsys.readouterr().err
    assert f"{option}: is for an app's .py file, and {file} is a FalApp already; leave" in said
    assert not server.requests


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_falapp_may_come_by_the_standard_input(server, file, command, monkeypatch):
    content = Path(file).read_bytes() + "# 字\n".encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), "ascii"))
    assert run([*command, "-f", "-"]) == 0


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_namespace_that_cannot_be_one_is_refused(server, file, command, capsys):
    assert run([*command, "-f", file, "-n", "Bad_NS"]) == 3
    assert "--namespace: 'Bad_NS' cannot be a namespace's name" in capsys.readouterr().err
    app = samples.app("hello") | {"metadata": {"name": "hello", "namespace": "Bad_NS"}}
    Path(file).write_text(yaml.safe_dump(app))
    assert run([*command, "-f", file]) == 3
    assert f"{file}: metadata.namespace: 'Bad_NS' cannot be" in capsys.readouterr().err
    assert not server.requests


@pytest.mark.parametrize("command", ["render", "plan", "deploy --no-wait"])
@pytest.mark.parametrize("option", ["--secret", "--pull-secret"])
def test_a_secret_that_cannot_be_one_is_refused(server, command, option, capsys):
    app = str(CATALOGUE / "minimal.py")
    assert run([*command.split(), app, option, "A b"]) == 3
    assert f"{option}: 'A b' cannot be a Secret's name" in capsys.readouterr().err
    assert not server.requests

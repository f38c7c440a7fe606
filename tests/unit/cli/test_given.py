"""`falapp deploy` and `falapp plan` of a FalApp in YAML: which options are heeded beside it."""

import pytest
import yaml

from falapp_cli.main import run
from tests.unit import samples

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

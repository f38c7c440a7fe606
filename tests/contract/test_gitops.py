"""The example of CI: what is committed is what the file renders to, and its commands run."""

import shlex

import yaml

from falapp_cli.main import run
from tests.contract.conftest import ROOT

EXAMPLE = ROOT / "examples/04-gitops"


def test_the_committed_manifest_is_what_render_gives(capsys):
    assert run(["render", str(EXAMPLE / "app.py")]) == 0
    assert capsys.readouterr().out == (EXAMPLE / "app.yaml").read_text()


def test_the_workflows_commands_are_commands(capsys, monkeypatch):
    monkeypatch.chdir(EXAMPLE)
    workflow = yaml.safe_load((EXAMPLE / ".github/workflows/render.yaml").read_text())
    steps = [s["run"] for s in workflow["jobs"]["render"]["steps"] if "run" in s]
    commands = [s.partition(">")[0] for s in steps if s.startswith("falapp ")]
    assert len(commands) == 2
    for command in commands:
        assert run(shlex.split(command)[1:]) == 0
    assert "create  Deployment" in capsys.readouterr().out

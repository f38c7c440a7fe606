"""What every command has: help with examples, exit codes, completion; and `falapp init`."""

import os
import re
import subprocess
import sys

import pytest
import typer
import yaml

from falapp_cli import errors
from falapp_cli.main import app, run
from falapp_operator.api.falapp import FalAppSpec

COMMANDS = [
    ["render"], ["plan"], ["run"], ["init"], ["deploy"], ["status"], ["logs"], ["call"],
    ["list"], ["env", "list"], ["env", "show"], ["env", "warm"], ["machines"], ["restart"],
    ["suspend"], ["resume"], ["scale"], ["delete"], ["doctor"], ["secret", "set"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help(command, capsys):
    assert run([*command, "--help"]) == 0
    said = capsys.readouterr().out
    assert f"Usage: falapp {' '.join(command)}" in said
    assert "Show this message" in said


def commands(group):
    for command in group.commands.values():
        yield from commands(command) if hasattr(command, "commands") else [command]


def test_every_option_and_command_has_help():
    found = list(commands(typer.main.get_command(app)))
    assert len(found) == len(COMMANDS)
    assert [c.name for c in found if not c.help] == []
    options = [(c.name, p) for c in found for p in c.params if p.param_type_name == "option"]
    assert [(c, p.name) for c, p in options if not p.help] == []


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_has_examples(command, capsys):
    run([*command, "--help"])
    assert f"  falapp {' '.join(command)}" in capsys.readouterr().out.partition("Examples:")[2]


def test_no_command_is_cut_off_in_the_list_of_them(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["--help"]) == 0
    assert "..." not in capsys.readouterr().out.partition("Commands:")[2]


def test_version(capsys):
    assert run(["--version"]) == 0
    assert re.fullmatch(r"falapp \d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["render"],
        ["render", "--nope"],
        ["list", "-o", "x"],
        ["doctor", "-o", "name"],
        ["run", "app.py", "--port", "65536"],
    ],
)
def test_wrong_usage_is_2(arguments, capsys):
    assert run(arguments) == 2
    assert capsys.readouterr().err


def test_exit_codes_are_the_documented_ones():
    codes = {e.__name__: e.code for e in (errors.CliError, errors.InputError, errors.ClusterError)}
    assert codes == {"CliError": 1, "InputError": 3, "ClusterError": 4}


def test_a_bug_is_told_as_one(monkeypatch, capsys):
    def boom(*_, **__):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("falapp_cli.source.init.init", boom)
    assert run(["init"]) == 70
    said = capsys.readouterr().err
    assert "this is a bug of falapp: ZeroDivisionError: oops" in said
    assert "--debug" in said
    assert "Traceback" not in said


def test_nobody_reading_on_is_no_error():
    script = "from falapp_cli.main import run; import sys; sys.exit(run(['render', sys.argv[1]]))"
    from tests.unit.cli.test_render import HERE

    command = [sys.executable, "-c", script, str(HERE / "minimal.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        said = process.stderr.read()
    assert b"Traceback" not in said


@pytest.mark.timeout(90)
@pytest.mark.parametrize("output", [">/dev/full", ">&-"])
def test_an_output_that_cannot_be_written_is_1_and_one_sentence(output):
    from tests.unit.cli.test_render import HERE

    command = f'"{sys.executable}" -m falapp_cli render "{HERE}/minimal.py" {output}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("falapp: error: the output cannot be written (")


ASCII = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "POSIX"}


@pytest.mark.timeout(90)
@pytest.mark.parametrize(
    "variables", [{"PYTHONIOENCODING": "latin-1"}, {"PYTHONIOENCODING": "cp1252"}, ASCII], ids=str
)
def test_what_is_printed_is_utf_8_whatever_the_locale_says(variables, tmp_path):
    app = tmp_path / "app.py"
    app.write_text("import fal\nimport 字\n# → Ł\nclass A(fal.App): ...\n", "utf-8")
    command = [sys.executable, "-m", "falapp_cli", "render", str(app)]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, check=True)
    assert "# → Ł" in yaml.safe_load(done.stdout)["spec"]["source"]["inline"]["app.py"]
    assert "falapp: 字: not installed here" in done.stderr.decode("utf-8")


def test_init_writes_an_app_that_renders_and_touches_nothing(tmp_path, capsys):
    folder = tmp_path / "new"
    assert run(["init", str(folder), "--name", "words"]) == 0
    made = yaml.safe_load((folder / "app.yaml").read_text())
    assert made["metadata"]["name"] == "words"
    spec = FalAppSpec.model_validate(made["spec"])
    assert spec.source.inline == {"app.py": (folder / "app.py").read_text()}
    assert "*.secret.yaml" in (folder / ".gitignore").read_text()
    (folder / "app.py").write_text("mine")
    assert run(["init", str(folder)]) == 3
    assert "has app.py and app.yaml already" in capsys.readouterr().err
    assert (folder / "app.py").read_text() == "mine"


def test_init_writes_nothing_under_a_name_that_no_app_can_have(tmp_path, capsys):
    folder = tmp_path / "new"
    assert run(["init", str(folder), "--name", "Bad_Name"]) == 3
    assert "'Bad_Name' cannot be a FalApp's name" in capsys.readouterr().err
    assert not folder.exists()


def test_the_next_command_can_be_pasted(tmp_path, capsys):
    folder = tmp_path / "Some Folder"
    assert run(["init", str(folder), "--name", "words"]) == 0
    assert f"next: falapp run '{folder}/app.py' --local\n" in capsys.readouterr().err


def test_init_keeps_a_gitignore(tmp_path):
    (tmp_path / ".gitignore").write_text("mine\n")
    assert run(["init", str(tmp_path)]) == 0
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


def test_both_names_start_the_same_program():
    from importlib import metadata

    own = {
        e.name: e.value
        for e in metadata.entry_points(group="console_scripts")
        if e.name.endswith("falapp")
    }
    completes = own.pop("kubectl_complete-falapp")
    assert completes == "falapp_cli.__main__:complete"
    assert own == dict.fromkeys(("falapp", "kubectl-falapp"), "falapp_cli.__main__:main")
    assert app.info.name == "falapp"

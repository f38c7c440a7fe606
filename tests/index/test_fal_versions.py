"""The user's packages win: which versions of fal serve, and what is said where none can.

Environments are made from the package index, as users' are, with whatever is the newest that their
requirements allow. The runtime is what its image holds, at the end of sys.path.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import uv

from falapp_runner import contract
from tests.unit.runner import conftest
from tests.unit.runner.conftest import Runner

OLDEST = "1.0.0"
"""docs/runners.md says so; older ones may work, and are not looked at."""
SINCE = (OLDEST, "1.20.0", "1.50.0", "1.70.0")
ROOT = Path(__file__).parents[2]


def install(*arguments) -> None:
    subprocess.run([uv.find_uv_bin(), *map(str, arguments)], check=True, timeout=300)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    """The folder that runtime.Dockerfile makes."""
    folder = tmp_path_factory.mktemp("runtime")
    lock = ROOT / "requirements" / "runtime.txt"
    into = ("--python", sys.executable, "--target", folder, "--no-deps", "--require-hashes")
    install("pip", "install", "--quiet", *into, "--requirement", lock)
    own = Path(contract.__file__).parent
    shutil.copytree(own, folder / own.name)
    shutil.copy(own / "boot.py", folder)
    return folder


@pytest.fixture
def start(runtime, tmp_path, monkeypatch):
    """Make an environment with requirements, and start a runner in it."""
    monkeypatch.setattr(conftest, "WARNINGS", ())  # those of packages that a user pins
    started = []

    def make(entrypoint, *requirements):
        venv, folder = tmp_path / "venv", tmp_path / "run"
        folder.mkdir()
        install("venv", "--quiet", "--python", sys._base_executable, venv)
        python = venv / "bin" / "python"
        install("pip", "install", "--quiet", "--python", python, *requirements)
        started.append(Runner(entrypoint, folder, python=python, boot=runtime / "boot.py"))
        return started[-1]

    yield make
    for runner in started:
        runner.close()


@pytest.mark.parametrize("version", SINCE)
def test_an_older_fal_that_a_user_pins_serves(start, version):
    runner = start("waits_in_setup.py::Waits", f"fal=={version}")
    runner.wait_for("Setup")
    assert runner.probes == (503, 503, 200)
    runner.go.touch()
    runner.wait_for("Ready")
    assert runner.ask("POST", "/", {"name": "Ada"}) == (200, {"greeting": "Hello, Ada"})
    assert f"the environment has fal {version}, used instead of 1.83.0" in runner.errors
    runner.terminate()
    assert runner.end() == 0
    said = runner.output
    assert said.index("handle_exit") < said.index("teardown") < said.index("Stopped")


def test_packages_that_cannot_go_together_are_told_with_both_versions(start):
    runner = start("one_app.py", "typing-extensions==4.0.1")
    assert runner.end() == 1
    assert runner.failure["reason"] == "RuntimeConflict"
    message = runner.failure["message"]
    assert "the environment has typing_extensions 4.0.1" in message
    assert re.search(r": [a-z-]+ \d[\d.]* needs >=4\.\d", message), message


def test_a_fal_that_cannot_be_imported_by_itself_is_told_with_both_versions(start):
    """It sets a field of structlog's that newer ones have frozen, and asks for no older one."""
    runner = start("one_app.py", "fal==1.40.0")
    assert runner.end() == 1
    assert runner.failure["reason"] == "RuntimeConflict"
    assert "fal 1.40.0, used instead of 1.83.0" in runner.failure["message"]
    assert "FrozenInstanceError" in runner.failure["message"]

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tests.cluster

ENTRIES = ("tests.cluster.__main__", "tests.cluster.lifecycle")


def test_home_is_known_to_what_we_start(monkeypatch):
    monkeypatch.delenv("HOME")
    importlib.reload(tests.cluster)
    assert Path(os.environ["HOME"]).is_dir()


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_tool_can_be_taken_down_without_any_package(entry):
    script = f"import {entry}, sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    foreign = set(done.stdout.split()) - sys.stdlib_module_names - {"tests", "__main__"}
    assert foreign == set()

"""What the command line costs: CPU time, beside what it cannot do without."""

import os
import platform
import subprocess
import sys
from importlib import metadata

import pytest

from tests.bench.record import Pair, record
from tests.kube.install import ROOT

APP = f"{ROOT / 'tests/unit/cli/catalogue/gpu.py'}::Flux"
ROUNDS = 7


@pytest.mark.bench
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("name", "command", "baseline", "goal"),
    [
        ("help", ["--help"], "import typer", 1.5),
        ("render-help", ["render", "--help"], "import typer", 1.5),
        ("render", ["render", APP], "import fal", 1.3),
    ],
)
def test_cpu_of_a_command(name, command, baseline, goal, capsys):
    runs = []
    for number in range(ROUNDS + 1):
        pair = Pair(value=cpu("-m", "falapp_cli", *command), baseline=cpu("-c", baseline))
        if number:  # the first pair warms the page cache and writes bytecode
            runs.append(pair)
    kept = record(
        "cli",
        name,
        runs,
        unit="s of CPU",
        goal=goal,
        versions={
            "python": platform.python_version(),
            **{package: metadata.version(package) for package in ("falapp", "fal", "typer")},
        },
        details={"command": ["falapp", *command[:1]], "baseline": baseline},
    )
    with capsys.disabled():
        print(f"\n{name}: {kept.value} {kept.unit}, {kept.ratio} times `{baseline}`")


def cpu(*arguments: str) -> float:
    """Return the CPU seconds of one Python."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
        # Where Python may not keep what it compiled, an installed falapp has it all the same.
        env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime

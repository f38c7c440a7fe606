"""What the command line may cost: CPU time, which other work on the machine changes little."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

CATALOGUE = Path(__file__).parent / "catalogue"
HELP_SECONDS = 0.3
RENDER_FACTOR = 1.3


def cpu(*arguments):
    """Return the CPU seconds of one Python, the least of three runs."""
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("command", [(), ("render",)], ids=" ".join)
def test_help_is_there_at_once(command):
    assert cpu("-m", "falapp_cli", *command, "--help") < HELP_SECONDS


def test_help_imports_neither_fal_nor_kubernetes():
    script = (
        "import sys; from falapp_cli.main import run; run(['--help']);"
        "print({'fal', 'kubernetes', 'pydantic', 'rich', 'yaml', 'aiohttp'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.timeout(120)
def test_render_costs_little_more_than_fal_itself():
    app = f"{CATALOGUE / 'gpu.py'}::Flux"
    assert cpu("-m", "falapp_cli", "render", app) < RENDER_FACTOR * cpu("-c", "import fal")

"""The repository's root, and the chart as Helm renders it."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract import helm

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts/falapp"
VALUES = ("minimal", "full")
"""The files in the chart's ci folder: the least that must be said, and every option."""

Objects = list[dict[str, Any]]


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def run_helm() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Helm with arguments; the caller looks at how it ended."""
    binary = helm.path()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binary, *arguments], capture_output=True, text=True, timeout=30, check=False
        )

    return run


@pytest.fixture(scope="session")
def render(run_helm) -> Callable[..., Objects]:
    """Render the chart with one of its ci files and more arguments."""

    def rendered(values: str, *arguments: str) -> Objects:
        done = run_helm(
            "template",
            "falapp",
            str(CHART),
            "--namespace=falapp-system",
            f"--values={CHART}/ci/{values}-values.yaml",
            *arguments,
        )
        assert done.returncode == 0, done.stderr
        return [document for document in yaml.safe_load_all(done.stdout) if document]

    return rendered


@pytest.fixture(scope="session", params=VALUES)
def chart(request, render) -> Objects:
    """Give all objects of the chart, with few values and with all."""
    return render(request.param)

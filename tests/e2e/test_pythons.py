"""Every Python version that the operator has images for, and one that it has none for."""

import pytest

from tests.cluster import versions
from tests.kube.kubectl import condition

CODE = """\
import platform

import fal
import numpy


class App(fal.App):
    @fal.endpoint("/")
    def tell(self) -> dict:
        return {"python": platform.python_version(), "numpy": numpy.__version__}
"""


@pytest.mark.parametrize("minor", versions.PYTHONS)
def test_an_app_runs_on_the_python_that_it_asks_for(apps, caller, namespace, minor):
    apps.apply(
        namespace,
        "versions",
        entrypoint="app.py",
        source={"inline": {"app.py": CODE}},
        requirements=["numpy==2.4.6"],
        pythonVersion=minor,
    )
    app = apps.ready(namespace, "versions")
    answer = caller.post(app["status"]["url"], {})
    assert answer["python"].startswith(f"{minor}.")
    assert answer["numpy"] == "2.4.6"


def test_another_python_is_refused_by_name(apps, namespace):
    apps.apply(
        namespace,
        "old",
        entrypoint="app.py",
        source={"inline": {"app.py": CODE}},
        pythonVersion="3.9",
    )
    app = apps.stalled(namespace, "old", "UnsupportedPython", seconds=30)
    message = condition(app, "Ready")["message"]
    assert "spec.pythonVersion: 3.9" in message
    assert all(minor in message for minor in versions.PYTHONS)

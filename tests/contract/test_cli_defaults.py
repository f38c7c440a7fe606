"""`falapp plan` without settings foresees what the chart's own values would give.

``UPDATE_GOLDEN=1 pytest tests/contract`` writes the file anew.
"""

import os

import yaml

from falapp_cli.foresee.settings import DEFAULTS
from falapp_cli.kube import defaults
from falapp_operator.settings import Settings


def test_the_defaults_are_the_charts(render):
    [found] = [o for o in render("minimal") if o["kind"] == "ConfigMap"]
    text = found["data"]["settings.yaml"]
    if os.environ.get("UPDATE_GOLDEN"):
        DEFAULTS.write_text(f"# Made by tests/contract/test_cli_defaults.py of the chart.\n{text}")
    assert yaml.safe_load(DEFAULTS.read_text()) == yaml.safe_load(text)
    Settings.load(DEFAULTS)


def test_the_operator_is_found_by_its_labels(chart):
    wanted = dict(pair.split("=") for pair in defaults.LABELS.split(","))
    for kind in ("Deployment", "ConfigMap"):
        found = [o for o in chart if o["kind"] == kind]
        assert found
        assert all(wanted.items() <= o["metadata"]["labels"].items() for o in found)


def test_builds_run_where_logs_look_for_them():
    assert Settings.load(DEFAULTS).builds.namespace == defaults.BUILDS

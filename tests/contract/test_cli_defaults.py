"""`falapp plan` without settings foresees what the chart's own values would give.

``UPDATE_GOLDEN=1 pytest tests/contract`` writes the file anew.
"""

import os

import yaml

from falapp_cli.foresee.settings import DEFAULTS
from falapp_operator.settings import Settings


def test_the_defaults_are_the_charts(render):
    [found] = [o for o in render("minimal") if o["kind"] == "ConfigMap"]
    text = found["data"]["settings.yaml"]
    if os.environ.get("UPDATE_GOLDEN"):
        DEFAULTS.write_text(f"# Made by tests/contract/test_cli_defaults.py of the chart.\n{text}")
    assert yaml.safe_load(DEFAULTS.read_text()) == yaml.safe_load(text)
    Settings.load(DEFAULTS)

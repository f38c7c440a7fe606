"""Whole manifests, kept as files: ``UPDATE_GOLDEN=1 pytest tests/unit`` writes them anew."""

import json
import os
from pathlib import Path

import yaml


def check(path: Path, *objects: dict) -> None:
    """Compare objects with those in a YAML file, or write the file."""
    plain = json.loads(json.dumps(objects))  # no anchors where two objects share a part
    text = yaml.safe_dump_all(plain, sort_keys=False, width=100)
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert path.is_file(), f"{path.name} is missing: run with UPDATE_GOLDEN=1 and review it"
    assert list(objects) == list(yaml.safe_load_all(path.read_text()))

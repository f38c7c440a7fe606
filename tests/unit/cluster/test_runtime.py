"""The stand-in for runc, which changes what Docker asks for."""

import json
import os
import subprocess
import sys

import pytest

from tests.cluster import daemon

SCRIPT = daemon.FILES / daemon.RUNTIME


@pytest.fixture
def runc(tmp_path):
    """Start the script with a runc that only prints its arguments."""
    fake = tmp_path / "bin" / "runc"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\necho "$@"\n')
    fake.chmod(0o755)

    def call(*words):
        path = f"{fake.parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [sys.executable, "-IS", SCRIPT, *words],
            env={"PATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    return call


def test_a_new_container_asks_for_what_can_be_had(runc, tmp_path):
    sets = {"bounding": ["CAP_KILL", "CAP_SYS_RESOURCE"], "effective": ["CAP_SYS_RESOURCE"]}
    process = {"capabilities": sets, "oomScoreAdj": -500, "cwd": "/"}
    (tmp_path / "config.json").write_text(json.dumps({"process": process, "hostname": "x"}))
    assert runc("create", "--bundle", str(tmp_path), "id") == f"create --bundle {tmp_path} id"
    assert json.loads((tmp_path / "config.json").read_text()) == {
        "process": {
            "capabilities": {"bounding": ["CAP_KILL"], "effective": []},
            "oomScoreAdj": 0,
            "cwd": "/",
        },
        "hostname": "x",
    }


def test_so_does_a_command_in_a_container(runc, tmp_path):
    process = tmp_path / "process.json"
    process.write_text(json.dumps({"capabilities": {"effective": ["CAP_SYS_RESOURCE"]}}))
    runc("exec", "--process", str(process), "id")
    assert json.loads(process.read_text())["capabilities"] == {"effective": []}


def test_all_else_goes_through_untouched(runc):
    assert runc("--root", "/r", "state", "id") == "--root /r state id"

"""The command line and the cluster: what is proved, built and found there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.falapp import Falapp
from tests.kube import install
from tests.kube.kubectl import condition, poll

OPERATOR = ("--operator-namespace", install.NAMESPACE)


@pytest.fixture(scope="module")
def warmed(falapp, kube):
    """An Environment that was asked for without an app, and is being built."""
    said = falapp.run("env", "warm", "app.py", *OPERATOR).err
    [name] = falapp.said("env", "list", "-o", "name").split()
    assert name.partition("/")[2] in said
    return name.partition("/")[2]


def test_doctor_proves_push_and_pull_by_a_trial(warmed, falapp, kube):
    found = json.loads(falapp.said("doctor", "--build", *OPERATOR, "-o", "json"))
    assert {f["check"]: f["ok"] for f in found} == dict.fromkeys(
        ("cluster", "kinds", "operator", "settings", "machine types", "registry", "build"), True
    )
    assert "falapp-doctor" not in falapp.said("list", "-o", "name")


def test_a_warmed_environment_gets_ready_and_stays(warmed, falapp, kube):
    def look():
        return kube.get("environment", warmed, falapp.namespace)

    environment = poll(
        look,
        lambda e: condition(e, "Ready").get("status") == "True",
        what="the warmed environment is ready",
        seconds=420,
    )
    assert "ownerReferences" not in environment["metadata"]
    assert environment["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "falapp-cli"}
    shown = falapp.said("env", "show", warmed)
    assert "humanize==4.17.0" in shown
    assert environment["status"]["image"] in shown
    again = falapp.run("env", "warm", "app.py", *OPERATOR).err
    assert "is there already" in again
    assert look()["metadata"]["generation"] == environment["metadata"]["generation"]


def test_a_namespace_that_is_not_there(falapp):
    nowhere = Falapp(falapp.kubeconfig, falapp.context, "no-such-namespace", falapp.folder)
    said = nowhere.run("deploy", "app.py", code=4).err.splitlines()[-1]
    told = "there is no namespace no-such-namespace; `kubectl create namespace"
    assert said.startswith(f"falapp: error: {told}")


@pytest.mark.usefixtures("warmed")
def test_kubectl_finds_it_as_a_plugin(falapp, cluster):
    folder = Path(sys.executable).parent
    done = subprocess.run(
        [str(cluster.kubectl), "falapp", *falapp.arguments("env", "list")],
        env=falapp.variables | {"PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("NAME ")

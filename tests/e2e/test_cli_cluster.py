"""The command line and the cluster: what it needs there, may not do, and does not reach."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

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


@pytest.fixture(scope="module")
def nobody(falapp, kube):
    """The command line of a ServiceAccount that may nothing."""
    kube.run("create", "serviceaccount", "nobody", "-n", falapp.namespace)
    token = kube.run("create", "token", "nobody", "-n", falapp.namespace).strip()
    config = yaml.safe_load(falapp.kubeconfig.read_text())
    config["users"] = [{**u, "user": {"token": token}} for u in config["users"]]
    file = falapp.folder / "nobody.yaml"
    file.write_text(yaml.safe_dump(config))
    return Falapp(file, falapp.context, falapp.namespace, falapp.folder)


COMMANDS = [
    ["deploy", "app.py"], ["status", "x"], ["list"], ["logs", "x"], ["call", "x"],
    ["env", "list"], ["env", "show", "x"], ["env", "warm", "app.py"], ["machines"],
    ["restart", "x"], ["suspend", "x"], ["resume", "x"], ["scale", "x", "2"], ["delete", "x"],
    ["secret", "set", "A=b"], ["plan", "app.py", "--live"],
]  # fmt: skip


def refused(falapp, *command):
    """Return the one line that a command says, beside its notes; it ends with 4."""
    said = falapp.run(*command, code=4)
    assert said.out == ""
    lines = said.err.splitlines()
    assert [x for x in lines if not x.startswith("falapp: ")] == []
    [line] = [x for x in lines if x.startswith("falapp: error: ")]
    return line.removeprefix("falapp: error: ")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_who_may_not_is_told_so_in_one_line(nobody, command):
    said = refused(nobody, *command)
    assert said.startswith("you may not do this: ")
    assert f'"system:serviceaccount:{nobody.namespace}:nobody" cannot' in said


def test_doctor_tells_what_may_not_be_looked_at(nobody):
    said = nobody.said("doctor", code=1)
    assert "ok    cluster: answers, version v1." in said
    assert "FAIL  kinds: you may not do this: " in said
    assert "?     operator: you may not do this: " in said


def elsewhere(falapp: Falapp, name: str, **cluster: object) -> Falapp:
    """Return the command line with another way to the cluster."""
    config = yaml.safe_load(falapp.kubeconfig.read_text())
    for entry in config["clusters"]:
        entry["cluster"] = {**entry["cluster"], **cluster}
    file = falapp.folder / name
    file.write_text(yaml.safe_dump(config))
    return Falapp(file, falapp.context, falapp.namespace, falapp.folder)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_cluster_that_is_not_there_is_told_in_one_line(falapp, command):
    away = elsewhere(falapp, "away.yaml", server="https://127.0.0.1:1")
    said = refused(away, *command)
    assert said.startswith("the cluster at https://127.0.0.1:1 does not answer (")
    assert "Connection refused" in said


def test_a_stranger_is_not_trusted(falapp, authority):
    other = base64.b64encode(authority.cert_pem.bytes()).decode()
    stranger = elsewhere(falapp, "stranger.yaml", **{"certificate-authority-data": other})
    assert "certificate verify failed" in refused(stranger, "list")


def test_a_cluster_without_falapp_is_told(falapp):
    """An API server answers below a path that it does not know as it does for kinds it lacks."""
    config = yaml.safe_load(falapp.kubeconfig.read_text())
    [server] = {c["cluster"]["server"] for c in config["clusters"]}
    without = elsewhere(falapp, "without.yaml", server=f"{server}/nothing")
    assert refused(without, "list").startswith("falapp is not installed in this cluster: ")


def test_a_namespace_that_is_not_there(falapp):
    nowhere = Falapp(falapp.kubeconfig, falapp.context, "no-such-namespace", falapp.folder)
    said = refused(nowhere, "deploy", "app.py")
    assert said.startswith("there is no namespace no-such-namespace; `kubectl create namespace")


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

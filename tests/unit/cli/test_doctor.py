"""What keeps a cluster from being of use: `doctor`, the cluster's settings, errors in one line."""

import json

import yaml

from falapp_cli.errors import CliError
from falapp_cli.kube import defaults
from falapp_cli.main import run
from tests.unit import samples
from tests.unit.cli.test_cluster import said

LABELS = dict(pair.split("=") for pair in defaults.LABELS.split(","))


def test_doctor(server, capsys):
    shown = said(capsys, "doctor", code=1)
    assert "ok    cluster: answers, version v1.36.0" in shown
    assert "FAIL  operator: there is no operator in namespace falapp-system" in shown
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment", "spec": {},
        "metadata": samples.metadata("x-falapp-operator", "falapp-system", labels=LABELS),
        "status": {"availableReplicas": 1},
    }  # fmt: skip
    from falapp_cli.foresee.settings import DEFAULTS

    server.cluster.put(deployment)
    server.cluster.put(
        {
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": samples.metadata("x-settings", "falapp-system", labels=LABELS),
            "data": {"settings.yaml": DEFAULTS.read_text()},
        }
    )  # fmt: skip
    found = json.loads(said(capsys, "doctor", "-o", "json"))
    assert [f["check"] for f in found] == [
        "cluster", "kinds", "operator", "settings", "machine types", "registry",
    ]  # fmt: skip
    assert all(f["ok"] for f in found)
    broken = samples.environment_spec()
    told = {"conditions": [samples.condition("Ready", "False", "PushDenied", "no push")]}
    server.cluster.put(samples.environment(broken, status=told))
    assert "PushDenied: no push" in said(capsys, "doctor", code=1)


def test_doctor_tells_what_it_may_not_look_at_and_how_a_trial_ends(server, capsys, monkeypatch):
    for plural in ("deployments", "configmaps"):
        server.refusals[f"GET {plural}"] = (403, "not for you")
    shown = said(capsys, "doctor")
    assert "?     operator: you may not do this: not for you" in shown
    assert "FAIL" not in shown

    def end(*_):
        raise CliError("the trial app did not get ready: PushDenied")

    monkeypatch.setattr("falapp_cli.live.trial.trial", end)
    found = json.loads(said(capsys, "doctor", "--build", "-o", "json", code=1))
    assert found[-1] == {
        "check": "build", "ok": False, "message": "the trial app did not get ready: PushDenied",
    }  # fmt: skip
    server.refusals["GET falapps"] = (403, "not for you")
    assert "build" not in said(capsys, "doctor", "--build", code=1)


def test_plan_and_warm_with_the_clusters_own_settings(server, capsys, tmp_path):
    from falapp_cli.foresee.settings import DEFAULTS

    file = tmp_path / "app.yaml"
    file.write_text(yaml.safe_dump(samples.app("new")))
    assert "--operator-namespace" in said(capsys, "plan", "-f", str(file), "--live", code=4)
    text = DEFAULTS.read_text().replace("registry.example/environments", "mine.example/envs")
    server.cluster.put(
        {
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"settings.yaml": text},
            "metadata": samples.metadata("x-settings", "falapp-system", labels=LABELS),
        }
    )  # fmt: skip
    made = json.loads(said(capsys, "plan", "-f", str(file), "--live", "-o", "json"))
    assert made["environment"]["image"].startswith("mine.example/envs:")
    assert {c["action"] for c in made["changes"]} == {"create"}
    server.refusals["GET jobs"] = (403, "you may not read builds")
    assert run(["plan", "-f", str(file), "--live", "-o", "name"]) == 0
    capsys.readouterr()
    secret = samples.app("new", requirements=["git+https://ghp_0123456789@git.example/a.git"])
    (tmp_path / "secret.yaml").write_text(yaml.safe_dump(secret))
    refused = said(capsys, "env", "warm", str(tmp_path / "secret.yaml"), code=3)
    assert "holds a credential" in refused
    assert "ghp_0123456789" not in refused
    assert "is asked for" in said(capsys, "env", "warm", str(file))
    environment = server.cluster.find("Environment")
    assert environment["metadata"]["name"] == made["environment"]["name"]
    assert environment["spec"]["layers"] == made["environment"]["requirements"]
    assert environment["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "falapp-cli"}
    assert "is there already" in said(capsys, "env", "warm", str(file))


def test_clusters_that_refuse_are_told_in_one_line(server, capsys, monkeypatch, tmp_path):
    server.refusals["GET falapps"] = (403, 'falapps is forbidden: User "me" cannot list it')
    shown = said(capsys, "list", code=4)
    assert 'User "me" cannot list it' in shown
    assert len(shown.splitlines()) == 1
    server.refusals["GET falapps"] = (401, "Unauthorized")
    assert "log in again" in said(capsys, "list", code=4)
    server.refusals.clear()
    server.installed = False
    assert f"falapp is not installed in the cluster at {server.url}: " in said(
        capsys, "list", code=4
    )
    assert "there is no 'nope'; the kubeconfig has here, there" in said(
        capsys, "list", "--context", "nope", code=3
    )
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    assert "set KUBECONFIG or give --context" in said(capsys, "list", code=3)


def test_an_unreachable_cluster_is_told_at_once(server, capsys):
    server.close()
    shown = said(capsys, "list", code=4)
    assert f"the cluster at {server.url} does not answer" in shown
    assert len(shown.splitlines()) == 1


def test_a_traceback_only_with_debug(server, capsys):
    server.installed = False
    assert "Traceback" not in said(capsys, "list", code=4)
    assert "Traceback" in said(capsys, "--debug", "list", code=4)

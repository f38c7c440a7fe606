"""The command line on the real cluster: from app.py to an answer, and everything in between."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import yaml

from tests.cluster import Cluster
from tests.kube import install
from tests.kube.kubectl import Kube, poll
from tests.unit.cli.test_live import Pseudo

APP = """\
import fal
import humanize


class Words(fal.App, name="words"):
    machine_type = "XS"
    requirements = ["humanize==4.17.0"]
    secrets = ["GREETING"]

    def setup(self):
        import os

        print("setting up", flush=True)
        self.greeting = os.environ["GREETING"]

    @fal.endpoint("/")
    def tell(self) -> dict:
        return {"text": humanize.intcomma(12345), "greeting": self.greeting}
"""


class Falapp:
    """`falapp` with the cluster's kubeconfig, in one namespace."""

    def __init__(self, kube: Kube, namespace: str, folder):
        self.folder = folder
        self.namespace = namespace
        self.environment = os.environ | {"KUBECONFIG": str(kube.kubeconfig)}
        self._context = kube.context

    def command(self, *arguments: str) -> list[str]:
        where = [] if arguments[0] == "machines" else ["-n", self.namespace]
        where += ["--context", self._context]
        return [sys.executable, "-m", "falapp_cli", *arguments, *where]

    def run(self, *arguments: str, code: int = 0, stdin: str = "") -> str:
        done = subprocess.run(
            self.command(*arguments), cwd=self.folder, env=self.environment, input=stdin,
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def falapp(kube: Kube, shared_namespace: str, tmp_path_factory) -> Falapp:
    folder = tmp_path_factory.mktemp("app")
    (folder / "app.py").write_text(APP)
    return Falapp(kube, shared_namespace, folder)


@pytest.fixture(scope="module")
def words(falapp: Falapp) -> Falapp:
    """The app, deployed by the command line alone."""
    falapp.run("secret", "set", "GREETING", stdin="hello\n")
    lines = falapp.run("deploy", "app.py").splitlines()
    assert lines[-1].startswith("ready: 1 of 1 runners are ready at http://words.")
    return falapp


def test_deploy_then_call(words):
    answer = json.loads(words.run("call", "words", "/", "--data", "{}"))
    assert answer == {"text": "12,345", "greeting": "hello"}


def test_call_tells_the_apps_refusal(words):
    assert "not found" in words.run("call", "words", "/nope", code=1)


def test_status_list_logs_env_and_machines(words):
    assert "RunnersReady" in words.run("status", "words")
    assert "words" in words.run("list")
    assert "setting up" in words.run("logs", "words")
    assert "xs" in words.run("machines")
    assert "humanize==4.17.0" in words.run("env", "show", "words")


def test_logs_follow_and_end_with_ctrl_c(words):
    command = words.command("logs", "words", "-f")
    with subprocess.Popen(
        command, env=words.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        deadline = time.monotonic() + 60
        while "setting up" not in process.stdout.readline():
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130


def test_plan_with_the_cluster_finds_nothing_to_change(words):
    made = json.loads(
        words.run(
            "plan", "app.py", "--live", "--operator-namespace", install.NAMESPACE, "-o", "json"
        )
    )
    changes = {c["kind"]: c["action"] for c in made["changes"]}
    assert changes == dict.fromkeys(("Environment", "ConfigMap", "Deployment", "Service"), "keep")


def test_plan_without_the_cluster_names_the_environment_that_the_operator_made(words, kube):
    labels = "app.kubernetes.io/name=falapp,app.kubernetes.io/component=operator"
    found = kube.list("configmaps", install.NAMESPACE, labels)
    [settings] = [c["data"]["settings.yaml"] for c in found if "settings.yaml" in c["data"]]
    (words.folder / "settings.yaml").write_text(settings)
    command = ["plan", "app.py", "-n", words.namespace, "--settings", "settings.yaml", "-o", "yaml"]
    done = subprocess.run(
        [sys.executable, "-m", "falapp_cli", *command],
        cwd=words.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    [app] = [
        a for a in kube.list("falapps", words.namespace, "") if a["metadata"]["name"] == "words"
    ]
    made = yaml.safe_load(done.stdout)
    assert made["environment"]["name"] == app["status"]["environment"]["name"]


def test_scale_suspend_resume_restart(words, kube):
    def replicas() -> int:
        found = json.loads(words.run("list", "-o", "json"))["items"]
        return next(int(a["spec"]["replicas"]) for a in found if a["metadata"]["name"] == "words")

    words.run("suspend", "words")
    assert replicas() == 0
    words.run("resume", "words")
    assert replicas() == 1
    words.run("status", "words", "--watch")
    before = {p["metadata"]["name"] for p in pods(kube, words)}
    words.run("restart", "words")
    poll(
        lambda: {p["metadata"]["name"] for p in pods(kube, words)},
        lambda now: bool(now) and not now & before,
        what="other runners than before",
        seconds=180,
    )


def pods(kube, falapp):
    return kube.list("pods", falapp.namespace, "falapp.dev/app=words")


def test_a_failure_ends_with_1_and_the_lines_that_matter(falapp):
    broken = APP.replace('os.environ["GREETING"]', 'os.environ["GONE"]').replace(
        'name="words"', 'name="broken"'
    )
    (falapp.folder / "broken.py").write_text(broken)
    falapp.run("secret", "set", "GREETING", stdin="hello\n")
    said = falapp.run("deploy", "broken.py", code=1)
    assert "SetupFailed" in said
    assert "KeyError: 'GONE'" in said
    falapp.run("delete", "broken")


def test_on_a_real_terminal(words, monkeypatch):
    for name, value in words.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(words.folder)
    arguments = words.command("deploy", "app.py")[3:]
    made = Pseudo(*arguments)
    try:
        made.until("✓ ready", seconds=120)
        assert made.end() == 0
    finally:
        made.kill()


def test_doctor_proves_a_build(falapp):
    where = ("--operator-namespace", install.NAMESPACE)
    found = json.loads(falapp.run("doctor", "--build", *where, "-o", "json"))
    assert all(f["ok"] for f in found)
    assert found[-1]["check"] == "build"
    assert "falapp-doctor" not in falapp.run("list")


def test_warm_builds_without_an_app(falapp, kube):
    (falapp.folder / "warm.py").write_text(APP.replace("4.17.0", "4.16.0"))
    falapp.run("env", "warm", "warm.py", "--operator-namespace", install.NAMESPACE)
    poll(
        lambda: falapp.run("env", "list"),
        lambda table: all("True" in line for line in table.splitlines()[1:]),
        what="every environment is ready",
        seconds=420,
    )


def test_kubectl_finds_it_as_a_plugin(kube: Kube, cluster: Cluster):
    folder = os.path.dirname(sys.executable)  # noqa: PTH120
    done = subprocess.run(
        [str(cluster.kubectl), "falapp", "--help"],
        env=os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Usage: falapp" in done.stdout

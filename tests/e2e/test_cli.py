"""From app.py to an answer by the command line alone, and all one does with a running app."""

import json
import re
import shlex
import signal
import subprocess
import sys

import pytest
import yaml

from tests.kube import install
from tests.kube.kubectl import poll
from tests.unit.cli.terminal import hears_ctrl_c

BUILD_SECONDS, START_SECONDS = 420, 180


@pytest.fixture(scope="module")
def shown(falapp):
    """What a terminal shows of a first deployment: left by Ctrl-C, and come back to."""
    falapp.said("secret", "set", "GREETING", stdin="hello\n")
    with falapp.terminal("deploy", "app.py") as first:
        first.until("building: ", 60).press_ctrl_c()
        assert first.end() == 130
    [back] = re.findall(r"come back with `falapp (status [^`]*)`", first.text)
    with falapp.terminal(*shlex.split(back)) as second:
        assert second.until("✓ ready: ", BUILD_SECONDS).end() == 0
    return first.text, second.text


@pytest.fixture(scope="module")
def words(shown, falapp):
    """The command line, and an app that runs."""
    return falapp


def runners(kube, falapp):
    """Return the names of the app's runners that are not on their way out."""
    found = kube.list("pods", falapp.namespace, "falapp.dev/app=words")
    return {p["metadata"]["name"] for p in found if "deletionTimestamp" not in p["metadata"]}


def test_the_live_view_of_a_deployment(shown, falapp):
    first, second = shown
    assert f"applied falapp.falapp.dev/words in namespace {falapp.namespace}, generation 1" in first
    assert "Traceback" not in first
    assert f"-n {falapp.namespace} --context {falapp.context} --watch" in first
    for part in ("building: ", "━", "setup: setup() is running", "  setting up"):
        assert part in second
    assert f"http://words.{falapp.namespace}.svc" in second
    assert "\x1b[" in second  # painted anew, and not line after line


def test_call(words):
    answer = json.loads(words.said("call", "words", "/", "--data", "{}"))
    assert answer == {"text": "12,345", "greeting": "hello"}
    refused = words.run("call", "words", "/nope", code=1)
    assert "words answered 404" in refused.err
    assert "get" in words.said("call", "words", "/openapi.json", "-X", "GET")


def test_what_is_there_is_shown(words, kube):
    status = words.said("status")
    assert "RunnersReady: 1 of 1 runners are ready" in status
    [row] = [r for r in words.said("list").splitlines() if r.startswith("words ")]
    assert row.split()[1:5] == ["True", "RunnersReady", "XS", "1/1"]
    assert "xs" in words.said("machines")
    assert "humanize==4.17.0" in words.said("env", "show", "words")
    name = words.said("status", "words", "-o", "name").strip()
    assert kube.run("get", name, "-n", words.namespace)
    [environment] = json.loads(words.said("env", "list", "-o", "json"))["items"]
    assert environment["metadata"]["name"] in status
    assert "setting up" in words.said("logs", "words").splitlines()
    steps = {line.partition("  ")[0] for line in words.said("logs", "--build").splitlines()}
    assert {"resolve", "plan", "publish"} <= steps


def test_logs_are_followed_until_ctrl_c(words):
    command = [sys.executable, "-m", "falapp_cli", *words.arguments("logs", "words", "-f")]
    with subprocess.Popen(
        command,
        env=words.variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hears_ctrl_c,
    ) as process:
        try:
            assert process.stdout
            assert process.stderr
            assert "setting up\n" in iter(process.stdout.readline, "")
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 130
            assert process.stderr.read() == ""
        finally:
            process.kill()


def test_plan_by_the_cluster_and_without_it(words, kube):
    live = ("plan", "app.py", "--live", "--operator-namespace", install.NAMESPACE, "-o", "json")
    made = json.loads(words.said(*live))
    assert {c["action"] for c in made["changes"]} == {"keep"}
    assert {"Environment", "Deployment", "Service"} <= {c["kind"] for c in made["changes"]}
    labels = "app.kubernetes.io/name=falapp,app.kubernetes.io/component=operator"
    found = kube.list("configmaps", install.NAMESPACE, labels)
    [settings] = [c for c in found if "settings.yaml" in c.get("data", {})]
    (words.folder / "settings.yaml").write_text(yaml.safe_dump(settings))
    offline = ["plan", "app.py", "-n", words.namespace, "--settings", "settings.yaml", "-o", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "falapp_cli", *offline],
        cwd=words.folder, env=words.variables | {"KUBECONFIG": "/nowhere"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    environment = json.loads(done.stdout)["environment"]
    app = kube.get("falapp", "words", words.namespace)
    assert environment == made["environment"]
    assert environment["name"] == app["status"]["environment"]["name"]


def test_what_was_scaled_here_can_be_deployed_here(words, kube):
    text = yaml.safe_load(words.said("render", "app.py"))
    text["spec"]["replicas"] = 1
    (words.folder / "app.yaml").write_text(yaml.safe_dump(text))
    before = runners(kube, words)
    words.said("scale", "words", "2")
    assert kube.get("falapp", "words", words.namespace)["spec"]["replicas"] == 2
    lines = words.said("deploy", "-f", "app.yaml").splitlines()
    assert lines[-1] == f"ready: 1 of 1 runners are ready at http://words.{words.namespace}.svc"
    assert before & runners(kube, words)
    gitops = ("--overwrite", "--field-manager=gitops", "-n", words.namespace)
    kube.run("label", "falapp", "words", "team=theirs", *gitops)
    text["metadata"]["labels"] = {"team": "ours"}
    (words.folder / "app.yaml").write_text(yaml.safe_dump(text))
    refused = words.run("deploy", "-f", "app.yaml", code=4).err
    assert "another tool manages a field of it" in refused
    assert 'conflict with "gitops"' in refused
    assert len(refused.splitlines()) == 1


def test_suspend_resume_restart(words, kube):
    words.said("suspend", "words")
    poll(lambda: runners(kube, words), lambda n: not n, what="no runner is left", seconds=60)
    assert "has no ready runner" in words.run("call", "words", code=4).err
    words.said("resume", "words")
    words.said("status", "words", "--watch")
    before = runners(kube, words)
    assert len(before) == 1
    words.said("restart", "words")
    poll(
        lambda: runners(kube, words),
        lambda now: bool(now) and not now & before,
        what=f"runners instead of {before}",
        seconds=START_SECONDS,
    )
    words.said("status", "words", "--watch")
    assert json.loads(words.said("call", "words"))["greeting"] == "hello"


def test_a_failure_ends_with_1_and_the_lines_that_matter(words, kube):
    text = (words.folder / "app.py").read_text()
    broken = text.replace('os.environ["GREETING"]', 'os.environ["GONE"]')
    (words.folder / "broken.py").write_text(broken.replace('name="words"', 'name="broken"'))
    said = words.said("deploy", "broken.py", code=1)
    last = said[said.index("failed: SetupFailed: ") :]
    assert "  KeyError: 'GONE'" in last
    assert "  more: kubectl logs" in last
    assert "KeyError: 'GONE'" in words.said("status", "broken", code=1)
    words.said("delete", "broken")
    poll(
        lambda: kube.get("falapp", "broken", words.namespace),
        lambda app: app is None,
        what="the app is gone",
        seconds=60,
    )

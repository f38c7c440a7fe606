"""The commands that talk to a cluster, on an API server of the loopback interface."""

import base64
import json

import pytest
import yaml

from falapp_cli.kube import logs
from falapp_cli.kube.client import Kube
from falapp_cli.main import run
from falapp_operator.api.environment import EnvironmentSpec
from falapp_operator.environment import key, manifest
from tests.unit import samples, workloads
from tests.unit.cli.conftest import ready, status

SECRET = "hunter2hunter2"  # noqa: S105 - nobody's


def said(capsys, *arguments, code=0):
    """Run a command, and return what it prints."""
    ended = run(list(arguments))
    printed = capsys.readouterr()
    assert ended == code, printed.err
    return printed.out + printed.err


def test_list_and_status(server, capsys):
    table = said(capsys, "list").splitlines()
    assert table[0].split() == ["NAME", "READY", "REASON", "MACHINE", "REPLICAS", "AGE", "URL"]
    assert table[1].split()[:5] == ["hello", "True", "RunnersReady", "S", "0/1"]
    shown = said(capsys, "status", "hello")
    assert "http://hello.video.svc" in shown
    assert "RunnersReady: 1 of 1 runners are ready" in shown
    assert said(capsys, "status", "-o", "name").strip() == "falapp.falapp.dev/hello"


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_for_machines(server, capsys, form):
    parse = json.loads if form == "json" else yaml.safe_load
    assert parse(said(capsys, "status", "hello", "-o", form))["spec"] == ready()["spec"]
    [only] = parse(said(capsys, "list", "-o", form))["items"]
    assert only["metadata"]["name"] == "hello"
    server.cluster.put(ready("second"))
    found = said(capsys, "list", "-o", "name").split()
    assert found == ["falapp.falapp.dev/hello", "falapp.falapp.dev/second"]


def test_status_tells_failures_and_ends_with_1(server, capsys):
    failure = {
        "reason": "SetupFailed", "message": "setup() raised", "logTail": "Traceback\nValueError",
        "command": "kubectl logs it",
    }  # fmt: skip
    told = status("SetupFailed", "setup() raised", ready=False, stalled=True, failure=failure)
    server.cluster.change("FalApp", "hello", status=told)
    shown = said(capsys, "status", "hello", code=1)
    for part in ("SetupFailed", "    ValueError", "more: kubectl logs it"):
        assert part in shown


def test_namespaces_and_contexts(server, capsys):
    server.cluster.put(samples.app("far", namespace="elsewhere"))
    assert "far" in said(capsys, "list", "--context", "there")
    assert "far" in said(capsys, "list", "-n", "elsewhere")
    everything = said(capsys, "list", "-A")
    assert "elsewhere   far" in everything
    assert "video" in everything
    assert "there is no app (namespace nothing)" in said(capsys, "list", "-n", "nothing")


def test_scale_suspend_resume(server, capsys):
    def asked():
        spec = server.cluster.find("FalApp")["spec"]
        return spec["replicas"], spec.get("suspend")

    said(capsys, "scale", "hello", "3")
    assert asked() == (3, None)
    said(capsys, "suspend", "hello")
    said(capsys, "suspend", "hello")
    assert asked() == (3, True)
    said(capsys, "resume", "hello")
    assert asked() == (3, None)
    assert "is not suspended" in said(capsys, "resume", "hello", code=4)
    assert "is no number of runners" in said(capsys, "scale", "hello", "10001", code=3)


def test_restart_starts_runners_anew_or_tries_again(server, capsys):
    def annotations():
        return server.cluster.find("FalApp")["metadata"].get("annotations", {})

    assert "has no runners" in said(capsys, "restart", "hello", code=4)
    assert annotations() == {}
    for told in (
        status("RunnersReady", "", replicas=1),
        status("SetupFailed", "", ready=False, stalled=True, replicas=1),
    ):
        server.cluster.change("FalApp", "hello", status=told)
        assert "gets new runners" in said(capsys, "restart", "hello")
    assert list(annotations()) == ["falapp.dev/restart"]
    failed = ("PackageNotFound", "no package nope")
    stalled = status(*failed, ready=False, environment=failed, stalled=True, replicas=1)
    server.cluster.change("FalApp", "hello", status=stalled)
    assert "is tried again" in said(capsys, "restart", "hello")
    asked = annotations()
    assert asked["falapp.dev/retry"]
    withdrawn = {"withdrawn": {"revision": "b", "reason": "SetupFailed", "message": ""}}
    stalled = status("SetupFailed", "", ready=False, stalled=True, replicas=1) | withdrawn
    server.cluster.change("FalApp", "hello", status=stalled)
    assert "is tried again" in said(capsys, "restart", "hello")
    assert annotations()["falapp.dev/retry"] > asked["falapp.dev/retry"]
    assert annotations()["falapp.dev/restart"] == asked["falapp.dev/restart"]


def test_delete(server, capsys):
    said(capsys, "delete", "hello")
    assert server.cluster.names("FalApp") == []
    assert "there is no FalApp hello in namespace video; there are: none" in said(
        capsys, "delete", "hello", code=4
    )


@pytest.mark.parametrize("command", ["delete", "suspend", "resume", "restart", "call", "env show"])
def test_a_name_that_is_empty_is_refused_before_anything_is_asked(server, capsys, command):
    assert "'' is no name of a FalApp" in said(capsys, *command.split(), "", code=3)
    assert not server.requests


def test_a_secret_is_made_and_changed_and_never_shown(server, capsys, tmp_path, monkeypatch):
    file = tmp_path / "key"
    file.write_text(f"{SECRET}-2\n")
    shown = said(capsys, "secret", "set", f"A={SECRET}", f"B=@{file}")
    monkeypatch.setattr("sys.stdin.read", lambda: f"{SECRET}-3\n", raising=False)
    shown += said(capsys, "secret", "set", "C")
    assert SECRET not in shown
    assert "was made: A, B" in shown
    assert "was changed: C" in shown
    assert server.cluster.find("Secret", "falapp-secrets")["stringData"] == {
        "A": SECRET, "B": f"{SECRET}-2", "C": f"{SECRET}-3",
    }  # fmt: skip


def test_what_refuses_a_secret_is_not_quoted(server, capsys):
    server.refusals["POST secrets"] = (422, f"data: invalid {SECRET}")
    encoded = base64.b64encode(SECRET.encode()).decode()
    shown = said(capsys, "secret", "set", f"A={SECRET}", code=4)
    assert SECRET not in shown
    assert encoded not in shown
    assert "may quote the Secret" in shown


@pytest.mark.parametrize("given", ["bad name=x", "A=", "A=@/no/such/file"])
def test_secrets_that_cannot_be_set(server, capsys, given):
    assert "secret set:" in said(capsys, "secret", "set", given, code=3)


def test_a_secret_is_named_as_one_can_be(server, capsys):
    shown = said(capsys, "secret", "set", "A=b", "--secret", "A b", code=3)
    assert "--secret: 'A b' cannot be a Secret's name" in shown


def test_machines_and_environments(server, capsys):
    server.cluster.put(samples.machine_type("gpu-h100", **samples.GPU))
    table = said(capsys, "machines")
    assert "gpu-h100   1     1Gi      1 nvidia.com/gpu   of 2 kinds of labels" in table
    server.cluster.change("MachineType", "gpu-h100", status={"nodes": 3})
    assert "1 nvidia.com/gpu   3\n" in said(capsys, "machines")
    environment = samples.environment_of(ready(), status=samples.BUILT)
    name = environment["metadata"]["name"]
    server.cluster.put(environment)
    assert name in said(capsys, "env", "list")
    shown = said(capsys, "env", "show", name)
    assert "requests==2.32.3" in shown
    assert samples.IMAGE in shown
    told = status("RunnersReady", "", environment=True) | {"environment": {"name": name}}
    server.cluster.change("FalApp", "hello", status=told)
    assert said(capsys, "env", "show", "hello") == shown


def pod(name, **more):
    made = workloads.pod(name, containers=[workloads.running("runner")], **more)
    made["metadata"]["labels"] = {"falapp.dev/app": "hello"}
    return made


def test_logs_of_one_and_of_several(server, capsys):
    assert "no runner of hello has started yet" in said(capsys, "logs", "hello", code=4)
    server.cluster.put(pod("hello-1"))
    server.logs = {"hello-1/runner": "one\ntwo", "hello-2/runner": "three\n"}
    assert said(capsys, "logs", "hello", "--tail", "5") == "one\ntwo\n"
    assert server.requests[-1][2] == {"container": "runner", "follow": "false", "tailLines": "5"}
    server.cluster.put(pod("hello-2"))
    for arguments in ((), ("-f",)):
        lines = sorted(said(capsys, "logs", "hello", *arguments).splitlines())
        assert lines == ["hello-1  one", "hello-1  two", "hello-2  three"]


def test_logs_of_a_build_step_by_step(server, capsys):
    told = status("x", "", ready=False) | {"environment": {"name": "env-1"}}
    server.cluster.change("FalApp", "hello", status=told)
    assert "there is no build" in said(capsys, "logs", "hello", "--build", code=4)
    steps = [workloads.terminated("resolve"), workloads.running("plan")]
    build = workloads.pod("b", init=[*steps, workloads.waiting("wheels", "PodInitializing")])
    build["metadata"] |= {
        "namespace": "falapp-builds",
        "labels": {"falapp.dev/environment": "env-1"},
    }
    server.cluster.put(build)
    server.logs = {"b/resolve": "resolved\n", "b/plan": "planned\n"}
    assert said(capsys, "logs", "hello", "--build") == "resolve  resolved\nplan  planned\n"


def test_a_build_is_followed_from_step_to_step(server, monkeypatch):
    beside = {"name": "relay", "restartPolicy": "Always"}
    states = [workloads.terminated("resolve"), workloads.running("relay")]
    build = workloads.pod("b", init=states) | {"spec": {"initContainers": [beside]}}
    labels = {"falapp.dev/environment": "env-1"}
    build["metadata"] |= {"namespace": "falapp-builds", "labels": labels}
    server.cluster.put(build)
    server.logs = {f"b/{step}": f"{step}ed\n" for step in ("resolve", "plan", "relay")}

    def pause(_):
        more = [*states, workloads.terminated("plan")]
        told = {"initContainerStatuses": more, "phase": "Succeeded"}
        server.cluster.change("Pod", "b", status=told)

    monkeypatch.setattr("falapp_cli.kube.logs.time.sleep", pause)
    app = ready() | {"status": {"environment": {"name": "env-1"}}}
    found = logs.build(Kube.connect(), app, follow=True, tail=-1, namespace="falapp-builds")
    assert list(found) == ["resolve  resolveed", "plan  planed"]


def test_the_build_of_a_dockerfile_is_shown_too(server):
    app = ready(image={"dockerfile": "FROM registry.example/cuda:12\n"})
    environment = samples.environment_of(app)
    name = environment["metadata"]["name"]
    server.cluster.put(environment)
    base = manifest.base_of(EnvironmentSpec.model_validate(environment["spec"]))
    build = workloads.pod("b", containers=[workloads.terminated("dockerfile")])
    labels = {"falapp.dev/environment": key.name(base, "video")}
    build["metadata"] |= {"namespace": "falapp-builds", "labels": labels}
    server.cluster.put(build)
    server.logs = {"b/dockerfile": "step 1\n"}
    app |= {"status": {"environment": {"name": name}}}
    found = logs.build(Kube.connect(), app, follow=False, tail=-1, namespace="falapp-builds")
    assert list(found) == ["dockerfile  step 1"]

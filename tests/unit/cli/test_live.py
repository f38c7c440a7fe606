"""The live view: what is shown, as plain lines and in a real pseudo-terminal."""

import pytest
import yaml

from falapp_cli.errors import CliError, ClusterError, UnavailableError
from falapp_cli.kube.client import Kube
from falapp_cli.live import deploy as deploying
from falapp_cli.live import follow
from falapp_cli.live.view import STEPS, Phase, Seen, View, view
from falapp_cli.main import run
from falapp_operator.environment import outcome
from tests.unit import samples, workloads
from tests.unit.cli.conftest import status
from tests.unit.cli.terminal import Terminal


def building(message):
    return status("EnvironmentNotReady", message, ready=False, environment=("Building", message))


STARTING = status("Starting", "0 of 1 runners are ready", ready=False)
SETUP_FAILED = status(
    "SetupFailed", "app.py::Hello: setup() raised ValueError: x", ready=False, stalled=True,
    failure={
        "reason": "SetupFailed", "message": "app.py::Hello: setup() raised ValueError: x",
        "logTail": "Traceback\nValueError: x", "command": "kubectl logs -n video hello-1",
    },
)  # fmt: skip
RUNNERS_READY = status("RunnersReady", "1 of 1 runners are ready")


def seen(told, **more):
    return Seen(app=samples.app(status=told), **more)


def test_the_steps_are_those_that_the_operator_tells():
    assert set(STEPS) == set(outcome._STEPS.values())


@pytest.mark.parametrize(
    ("told", "phase", "text"),
    [
        (None, Phase.ACCEPTED, "waiting for the operator"),
        (RUNNERS_READY, Phase.READY, "1 of 1 runners are ready"),
        (SETUP_FAILED, Phase.FAILED, "SetupFailed: app.py::Hello: setup() raised"),
        (building("another build is running"), Phase.BUILDING, "another build is running"),
        (building("installing wheels"), Phase.BUILDING, "installing wheels"),
        (building("building the image of its Dockerfile, env-1: pushing the image"),
         Phase.BUILDING, "its Dockerfile"),
        (STARTING, Phase.PULLING, "starting runners"),
        (status("WaitingForCapacity", "no node", ready=False), Phase.WAITING, "no node"),
    ],
)  # fmt: skip
def test_phases(told, phase, text):
    shown = view(seen(told))
    assert shown.phase is phase
    assert text in shown.text


def test_a_build_has_progress():
    shown = view(seen(building("installing wheels")))
    assert (shown.done, shown.steps) == (4, 7)
    environment = {"status": {"layersReused": 14, "layersBuilt": 3}}
    shown = view(seen(building("pushing the image"), environment=environment))
    assert shown.text == "pushing the image (14 layers reused, 3 built)"


def test_pulling_then_setup_with_its_log():
    waits = workloads.pod("p", containers=[workloads.waiting("runner", "PodInitializing")])
    text = view(seen(STARTING, pods=(waits,))).text
    assert text == "pulling the image: 0 of 1 runners are ready; 5 packages"
    runs = workloads.pod("p", containers=[workloads.running("runner", ready=False)])
    shown = view(seen(STARTING, pods=(runs,), log=("step 1",)))
    assert shown.phase is Phase.SETUP
    assert shown.log == ("step 1",)


def test_an_old_status_is_not_taken_for_the_new_one():
    app = samples.app(generation=2, status=RUNNERS_READY)
    assert view(Seen(app=app)).phase is Phase.ACCEPTED


class Recorder:
    def __init__(self):
        self.shown = []

    def show(self, shown):
        self.shown.append(shown)

    def close(self):
        self.shown.append(None)


def played(server, *statuses):
    """Have the app's status change with each pause of whoever follows it."""
    left = list(statuses)

    def pause(_):
        if left:
            server.cluster.change("FalApp", "hello", status=left.pop(0))

    return pause


def test_following_ends_when_it_is_ready(server):
    server.cluster.change("FalApp", "hello", status=building("resolving the requirements"))
    screen = Recorder()
    pause = played(server, building("pushing the image"), STARTING, RUNNERS_READY)
    ended = follow.follow(Kube.connect(), "hello", screen=screen, pause=pause)
    assert ended.url == "http://hello.video.svc"
    phases = [s.phase for s in screen.shown[:-1]]
    assert phases == [Phase.BUILDING, Phase.BUILDING, Phase.PULLING, Phase.READY]
    assert screen.shown[-1] is None


def test_following_takes_no_longer_than_asked(server):
    server.cluster.change("FalApp", "hello", status=STARTING)
    clock = iter([0.0, 1.0, 61.0])
    with pytest.raises(CliError, match=r"not ready after 60 s.*falapp status hello -n video"):
        follow.follow(
            Kube.connect(), "hello", screen=Recorder(), timeout=60,
            clock=lambda: next(clock), pause=lambda _: None,
        )  # fmt: skip


def test_following_outlasts_a_silent_cluster_for_a_minute(server):
    server.cluster.change("FalApp", "hello", status=STARTING)
    screen, moment = Recorder(), [0.0]

    def pause(_):
        moment[0] += 25
        server.refusals["GET falapps"] = (503, "the server is starting")
        if moment[0] == 75:
            server.refusals.clear()
            server.cluster.change("FalApp", "hello", status=RUNNERS_READY)

    kube = Kube.connect()
    ended = follow.follow(kube, "hello", screen=screen, pause=pause, clock=lambda: moment[0])
    assert ended.phase is Phase.READY
    assert "cannot do it now (503): the server is starting" in screen.shown[1].text
    moment[0] = 100.0  # from now on it stays silent
    server.cluster.change("FalApp", "hello", status=STARTING)
    with pytest.raises(UnavailableError, match="the server is starting"):
        follow.follow(kube, "hello", screen=screen, pause=pause, clock=lambda: moment[0])


def test_who_may_read_the_app_alone_can_follow_it(server):
    server.cluster.change("FalApp", "hello", status=building("pushing the image"))
    told = server.cluster.find("FalApp")["status"] | {"environment": {"name": "env-1"}}
    server.cluster.change("FalApp", "hello", status=told)
    for plural in ("pods", "environments"):
        server.refusals[f"GET {plural}"] = (403, "no")
    pause = played(server, RUNNERS_READY | {"environment": {"name": "env-1"}})
    ended = follow.follow(Kube.connect(), "hello", screen=Recorder(), pause=pause)
    assert ended.phase is Phase.READY


def test_plain_lines_say_everything_once(capsys):
    plain = follow.Plain()
    for shown in (View(phase=Phase.BUILDING, text="a"),) * 3:
        plain.show(shown)
    plain.show(View(phase=Phase.FAILED, text="b", log=("line",), command="kubectl logs"))
    assert capsys.readouterr().out == "building: a\nfailed: b\n  line\n  more: kubectl logs\n"


def test_deploy_applies_as_a_person_and_ends_with_the_right_code(server, capsys):
    server.cluster.remove("FalApp")
    for told, code in ((RUNNERS_READY, 0), (SETUP_FAILED, 1)):
        app = samples.app()
        app = {k: v for k, v in app.items() if k != "status"} | {"metadata": {"name": "hello"}}
        kube = Kube.connect()
        kube.apply(app | {"metadata": {"name": "hello", "namespace": "video"}})
        server.cluster.change("FalApp", "hello", status=told)
        assert deploying.deploy(kube, app) == code
    method, path, query, _ = next(r for r in server.requests if r[0] == "PATCH")
    assert path == "/apis/falapp.dev/v1alpha1/namespaces/video/falapps/hello"
    assert query == {"fieldManager": "falapp-cli", "fieldValidation": "Strict"}
    assert method == "PATCH"
    out, err = capsys.readouterr()
    assert "ready: 1 of 1 runners are ready at http://hello.video.svc" in out
    assert "  ValueError: x" in out
    assert err.count("nothing of it is new") == 1
    assert "`falapp restart hello -n video` tries again" in err


def test_deploy_without_waiting_and_with_bad_input(server, tmp_path, capsys):
    file = tmp_path / "app.yaml"
    body = {k: v for k, v in samples.app("other").items() if k != "status"}
    body["metadata"] = {"name": "other"}
    file.write_text(yaml.safe_dump(body))
    assert run(["deploy", "-f", str(file), "--no-wait"]) == 0
    assert server.cluster.find("FalApp", "other")["spec"] == body["spec"]
    capsys.readouterr()
    for arguments, says in (
        (["deploy", "-f", str(file), "--timeout", "soon"], "--timeout: 'soon'"),
        (["deploy"], "not both"),
        (["deploy", str(tmp_path / "gone.py")], "there is no such file"),
    ):
        assert run(arguments) == 3
        assert says in capsys.readouterr().err


def test_what_this_program_patched_it_may_apply(server):
    """To the API server, what was scaled has another manager, which is called falapp-cli, too."""
    app = samples.app() | {"metadata": {"name": "hello", "namespace": "video"}}
    causes = [{"message": 'conflict with "falapp-cli" using falapp.dev/v1alpha1'}]
    server.conflicts = causes
    assert Kube.connect().apply(app)["metadata"]["name"] == "hello"
    assert server.requests[-1][2]["force"] == "true"
    server.conflicts = [*causes, {"message": 'conflict with "argocd" using falapp.dev/v1alpha1'}]
    with pytest.raises(ClusterError, match="another tool manages a field"):
        Kube.connect().apply(app)


def test_what_another_manager_set_is_refused(server, tmp_path, capsys):
    server.refusals["PATCH falapps"] = (409, 'conflict with "argocd": .spec.replicas')
    file = tmp_path / "app.yaml"
    file.write_text(yaml.safe_dump({k: v for k, v in samples.app().items() if k != "status"}))
    assert run(["deploy", "-f", str(file)]) == 4
    assert 'another tool manages a field of it: conflict with "argocd"' in capsys.readouterr().err
    server.refusals.clear()
    assert run(["deploy", "-f", str(file), "--no-wait", "--force"]) == 0
    assert server.requests[-1][2]["force"] == "true"


@pytest.fixture
def watched(server):
    """`falapp status --watch` of an app that is being built, on a terminal."""
    server.cluster.change("FalApp", "hello", status=building("resolving the requirements"))
    with Terminal("status", "hello", "--watch") as made:
        yield made


@pytest.mark.timeout(90)
def test_on_a_terminal_one_view_is_painted_anew(server, watched):
    watched.until("building: resolving the requirements").until("━")
    server.cluster.change("FalApp", "hello", status=STARTING)
    runs = workloads.pod("hello-1", containers=[workloads.running("runner", ready=False)])
    runs["metadata"]["labels"] = {"falapp.dev/app": "hello"}
    server.logs["hello-1/runner"] = "loading 3 of 7\n"
    server.cluster.put(runs)
    watched.until("setup: setup() is running").until("loading 3 of 7")
    server.cluster.change("FalApp", "hello", status=RUNNERS_READY)
    watched.until("✓ ready: 1 of 1 runners are ready").until("http://hello.video.svc")
    assert watched.end() == 0
    assert "\x1b[" in watched.text  # the cursor was moved: it is one view, not many lines


@pytest.mark.timeout(90)
def test_on_a_terminal_a_failure_shows_the_lines_that_matter(server, watched):
    watched.until("building")
    server.cluster.change("FalApp", "hello", status=SETUP_FAILED)
    watched.until("✗ failed: SetupFailed").until("ValueError: x").until("more: kubectl logs")
    assert watched.end() == 1


@pytest.mark.timeout(90)
def test_ctrl_c_ends_any_other_command_quietly(server, watched):
    watched.until("building")
    watched.press_ctrl_c()
    assert watched.end() == 130
    assert "Traceback" not in watched.text


@pytest.mark.timeout(90)
def test_ctrl_c_leaves_the_deployment_alone_and_says_how_to_come_back(server, tmp_path):
    file = tmp_path / "app.yaml"
    body = {k: v for k, v in samples.app("slow").items() if k != "status"}
    file.write_text(yaml.safe_dump(body | {"metadata": {"name": "slow"}}))
    with Terminal("deploy", "-f", str(file)) as made:
        made.until("accepted: waiting for the operator").press_ctrl_c()
        made.until("falapp status slow -n video --watch")
        assert made.end() == 130
    assert server.cluster.find("FalApp", "slow")

"""Real runner processes: boot.py, the real fal, real sockets and signals."""

import concurrent.futures
import time

import pytest

from falapp_runner import port
from tests.unit.runner.conftest import ask


def test_the_whole_life_of_a_runner(run):
    runner = run("waits_in_setup.py::Waits", grace="12")
    runner.wait_for("Setup")
    # a sync setup() blocks the loop, and the gate answers all the same
    assert runner.probes == (503, 503, 200)
    with pytest.raises(ConnectionRefusedError):
        runner.ask("POST", "/", {"name": "Ada"})

    runner.go.touch()
    runner.wait_for("Ready")
    assert runner.probes == (200, 200, 200)
    assert runner.ask("POST", "/", {"name": "Ada"}) == (200, {"greeting": "Hello, Ada"})
    assert runner.ask("POST", "/app") == (200, {"current": True, "plain": True})
    assert runner.ask("GET", "/health")[0] == 200
    moments = [
        runner.report[name]
        for name in ("startedAt", "setupStartedAt", "setupReturnedAt", "readyAt")
    ]
    assert moments == sorted(moments)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        slow = pool.submit(runner.ask, "POST", "/slow")
        time.sleep(0.1)
        runner.terminate()
        runner.wait_for("Draining")
        assert runner.probes == (200, 503, 200)
        # Services go on sending for a moment, and are answered
        assert runner.ask("POST", "/", {"name": "Bob"})[0] == 200
        assert slow.result() == (200, {"slow": "done"})
    assert runner.end() == 0
    said = [line.split("falapp: ")[-1] for line in runner.output.splitlines()]
    assert said[2].startswith("setup() returned after")
    del said[2]
    assert said == ["Loading", "Setup", "Ready", "Draining", "handle_exit", "teardown", "Stopped"]
    assert runner.errors == ""
    assert not runner.wrote_failure


@pytest.mark.parametrize("app", ["computes_in_setup", "awaits_in_setup", "waits_in_setup"])
def test_sigterm_ends_a_setup_at_once(run, app):
    runner = run(f"{app}.py", grace="30")
    runner.wait_for("Setup")
    time.sleep(0.05)
    began = time.monotonic()
    runner.terminate()
    assert runner.end() == 143
    assert time.monotonic() - began < 5
    assert runner.failure["reason"] == "StartupInterrupted"
    assert "SIGTERM came before setup() had returned" in runner.failure["message"]
    if app == "computes_in_setup":
        assert "pbkdf2_hmac" in runner.failure["logTail"]
        assert "launch.py" not in runner.failure["logTail"]


def test_setup_that_raises(run):
    runner = run("exc_in_setup.py::Weights")
    assert runner.end() == 1
    assert runner.failure["reason"] == "SetupFailed"
    assert "setup() raised FileNotFoundError: no weights in /data" in runner.failure["message"]
    tail = runner.failure["logTail"].splitlines()
    assert tail[1].endswith("in setup")  # no frame of ours, of fal's or of uvicorn's before it
    assert tail[-1] == "FileNotFoundError: no weights in /data/weights"
    assert "FileNotFoundError" in runner.errors
    assert runner.output.splitlines()[-1].endswith("SetupFailed")


def test_setup_that_ends_the_process(run):
    runner = run("exit_in_setup.py")
    assert runner.end() == 1
    assert runner.failure["reason"] == "SetupExited"
    assert "SystemExit(3)" in runner.failure["message"]


def test_setup_that_ends_the_process_at_once_leaves_its_state_in_the_log(run):
    """Nothing of ours runs after os._exit(): the operator reads the last lines of the log."""
    runner = run("abrupt_exit_in_setup.py")
    assert runner.end() == 3
    assert not runner.wrote_failure
    assert runner.output.splitlines()[-1].endswith("falapp: Setup")


@pytest.mark.parametrize(
    ("entrypoint", "reason", "says"),
    [
        (
            "raise_import_error.py",
            "ImportFailed",
            "add the package that holds falapp_no_such_package",
        ),
        ("exc_in_import.py", "ImportFailed", "RuntimeError: no licence key"),
        ("exit_in_import.py", "ImportFailed", "SystemExit(2)"),
        ("no_app.py", "ClassNotFound", "it has no fal.App class"),
        ("one_app.py::Two", "ClassNotFound", "its fal.App classes are One"),
        ("two_apps.py", "ClassNotFound", "name one of them, as two_apps.py::First"),
        ("none.py", "LoadFailed", "there is no file none.py"),
        ("no_endpoint.py", "InvalidSignature", "the endpoints of Mute cannot be served"),
        ("bad_function.py::unfit", "InvalidSignature", "the endpoints of unfit cannot be served"),
        ("setup_with_argument.py", "InvalidSignature", "Greedy.setup(self, path) cannot be called"),
        ("bad_function.py::slow", "LoadFailed", "slow.startup_timeout is -1; give a number"),
        ("long_grace.py", "LoadFailed", "termination_grace_period_seconds is 7200; give a number"),
        ("metrics_port.py::Low", "LoadFailed", "Low.metrics_port is 80; give a port from 1024"),
    ],
)
def test_an_app_that_cannot_be_loaded(run, entrypoint, reason, says):
    runner = run(entrypoint, grace="")
    assert runner.end() == 1
    assert runner.failure["reason"] == reason
    assert says in runner.failure["message"]
    assert says in runner.errors
    assert runner.output.splitlines()[-1].endswith("LoadFailed")


def test_a_start_that_takes_too_long_says_where_it_hangs(run):
    runner = run("waits_in_setup.py", startup="6")
    assert runner.end() == 1
    assert time.monotonic() - runner.began >= 6
    assert runner.failure["reason"] == "SetupTimeout"
    assert "setup() has not returned 6 s after the start" in runner.failure["message"]
    assert "in setup\n" in runner.failure["logTail"]
    assert "time.sleep(0.01)" in runner.failure["logTail"]


def test_the_class_says_how_long_its_start_may_take(run):
    runner = run("short_startup.py")
    assert runner.end() == 1
    assert runner.failure["reason"] == "SetupTimeout"
    assert "1 s after the start" in runner.failure["message"]


def test_a_function_says_how_long_its_start_may_take(run):
    runner = run("bad_function.py::hangs")
    assert runner.end() == 1
    assert runner.failure["reason"] == "SetupTimeout"
    assert "1 s after the start" in runner.failure["message"]


def test_the_falapp_has_the_last_word_about_the_start(run):
    runner = run("short_startup.py", startup="60")
    time.sleep(1.5)  # longer than the class allows
    runner.go.touch()
    runner.wait_for("Ready")
    time.sleep(0.1)
    assert runner.process.poll() is None


def test_the_class_says_how_long_its_end_may_take(run):
    runner = run("short_grace.py", grace="")
    runner.wait_for("Ready")
    runner.terminate()
    assert runner.end() == 1
    assert "took all of the 1 s" in runner.output


def test_the_class_says_where_else_its_metrics_are(run):
    runner = run("metrics_port.py::Own")
    runner.wait_for("Ready")
    number = runner.ask("POST", "/", {})[1]
    assert isinstance(number, int)
    shown = [ask(port, "GET", "/metrics") for port in (number, runner.control_port)]
    assert [code for code, _ in shown] == [200, 200]
    assert all("fal_app_info" in str(text) or "falapp_" in str(text) for _, text in shown)


def test_the_app_s_port_is_none_of_metrics(run):
    runner = run("metrics_port.py::Taken")
    assert runner.end() == 1
    assert runner.failure["reason"] == "LoadFailed"
    assert f"that is not {runner.app_port}, where the app answers" in runner.failure["message"]


def test_a_taken_port_is_told_before_anything_is_loaded(run):
    with port.bind(0) as held:
        held.listen()
        number = held.getsockname()[1]
        runner = run("waits_in_setup.py", app_port=number)
        assert runner.end() == 1
    assert runner.failure["reason"] == "PortTaken"
    assert f"port {number}" in runner.failure["message"]


@pytest.mark.parametrize(
    ("app", "tail"),
    [("takes_the_port_in_setup.py", "in setup"), ("listens_in_setup.py", "OSError")],
)
def test_a_port_that_setup_takes_or_finds_taken(run, app, tail):
    runner = run(app)
    assert runner.end() == 1
    assert runner.failure["reason"] == "PortTaken"
    assert "ports 8080 and 8081 are the runner's" in runner.failure["message"]
    assert tail in runner.failure["logTail"]


def test_a_runner_that_ends_untidily(run):
    runner = run("exc_in_teardown.py", grace="1")
    runner.wait_for("Ready")
    assert "setup() replaced the handler of SIGTERM" in runner.errors
    runner.terminate()
    assert runner.end() == 1
    assert "handle_exit() raised" in runner.errors
    assert "teardown() raised ValueError: teardown went wrong" in runner.errors
    assert runner.output.splitlines()[-1].endswith("Stopped")


def test_a_request_that_hangs_is_given_up_in_time_for_teardown(run):
    runner = run("stuck_in_request.py", grace="5")
    runner.wait_for("Ready")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        stuck = pool.submit(runner.ask, "POST", "/")
        while "asked" not in runner.output:
            time.sleep(0.01)
        runner.terminate()
        assert runner.end() == 0, runner.output + runner.errors
        assert stuck.result() == (500, "Internal Server Error")
    assert "teardown" in runner.output


def test_a_teardown_that_hangs_is_ended_before_sigkill(run):
    runner = run("stuck_in_teardown.py", grace="1")
    runner.wait_for("Ready")
    runner.terminate()
    assert runner.end() == 1
    assert "raise terminationGracePeriod" in runner.output

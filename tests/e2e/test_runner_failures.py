"""Each way in which a start may fail has a reason of its own in FalApp.status, and lines that help.

The apps are those of the unit tests, run by real kubelets.
"""

from pathlib import Path

import pytest

from tests.kube.kubectl import condition

APPS = Path(__file__).parents[1] / "unit" / "runner" / "apps"

EATS_MEMORY = """\
import fal


class Eats(fal.App):
    def setup(self):
        self.held = [bytearray(b"x" * 2**24) for _ in range(200)]

    @fal.endpoint("/")
    def answer(self) -> str:
        return "never"
"""

HANGS_IN_IMPORT = "import threading\n\nimport fal\n\nthreading.Event().wait()\n"

CASES = {
    "raise_import_error.py": ("ImportFailed", "falapp_no_such_package"),
    "exc_in_import.py": ("ImportFailed", "no licence key"),
    "exit_in_import.py": ("ImportFailed", "SystemExit"),
    "no_app.py": ("ClassNotFound", "it has no fal.App class"),
    "two_apps.py": ("ClassNotFound", "name one of them"),
    "no_endpoint.py": ("InvalidSignature", "Mute"),
    "setup_with_argument.py": ("InvalidSignature", "Greedy.setup(self, path)"),
    "exc_in_setup.py": ("SetupFailed", "FileNotFoundError"),
    "exit_in_setup.py": ("SetupExited", "SystemExit(3)"),
    "abrupt_exit_in_setup.py": ("SetupExited", "exit code 3 inside setup()"),
    "takes_the_port_in_setup.py": ("PortTaken", "runner's"),
    "listens_in_setup.py": ("PortTaken", "let what the app starts listen on another one"),
}
"""What each app ends with, and a part of the message."""

TAILS = {
    "raise_import_error.py": "import falapp_no_such_package.deep",
    "exc_in_import.py": "RuntimeError: no licence key",
    "exc_in_setup.py": "self.load(",
    "exit_in_setup.py": "sys.exit(3)",
    "abrupt_exit_in_setup.py": "falapp: Setup",
}
"""A part of the last lines, where there are some."""


@pytest.fixture
def apply(kube, apps, shared_namespace):
    """Applies one app, which goes with the test: what fails again and again holds its machine."""
    applied = []

    def one(file, code, **more):
        name = file.removesuffix(".py").replace("_", "-")
        source = {"inline": {file: code}}
        apps.apply(shared_namespace, name, entrypoint=file, source=source, **more)
        applied.append(name)
        return name

    yield one
    for name in applied:
        kube.delete("falapp", name, shared_namespace)


def check(app, reason, says):
    ready = condition(app, "Ready")
    assert (ready["status"], ready["reason"]) == ("False", reason)
    assert says in ready["message"]
    failure = app["status"]["failure"]
    assert failure["reason"] == reason
    assert failure["command"].startswith("kubectl ")
    return failure


@pytest.mark.parametrize("file", CASES)
def test_a_start_that_fails(apps, apply, shared_namespace, file):
    reason, says = CASES[file]
    name = apply(file, (APPS / file).read_text())
    app = apps.stalled(shared_namespace, name, reason)
    failure = check(app, reason, says)
    assert TAILS.get(file, "") in failure.get("logTail", "")


def test_a_runner_that_is_killed_for_memory(apps, apply, shared_namespace):
    name = apply("eats_memory.py", EATS_MEMORY)
    app = apps.stalled(shared_namespace, name, "OutOfMemory")
    check(app, "OutOfMemory", "384Mi")


@pytest.mark.parametrize(
    ("file", "hangs"),
    [("awaits_in_setup.py", "await asyncio.Event().wait()"), ("computes_in_setup.py", "pbkdf2")],
)
def test_a_setup_that_hangs_is_ended_and_says_where(apps, apply, shared_namespace, file, hangs):
    code = (APPS / file).read_text()
    name = apply(file, code, startupTimeout="30s")
    app = apps.stalled(shared_namespace, name, "SetupTimeout")
    failure = check(app, "SetupTimeout", "30 s after the start; raise startupTimeout")
    assert hangs in failure["logTail"]


def test_an_import_that_hangs_is_ended_and_says_where(apps, apply, shared_namespace):
    name = apply("hangs.py", HANGS_IN_IMPORT, startupTimeout="30s")
    app = apps.stalled(shared_namespace, name, "SetupTimeout")
    assert "threading.Event().wait()" in check(app, "SetupTimeout", "being imported")["logTail"]


def test_a_slow_setup_is_not_ended_early(kube, apps, apply, shared_namespace):
    """Its class allows it what the kubelet was never told; nothing restarts."""
    code = (
        "import time\n\nimport fal\n\n\nclass Slow(fal.App, startup_timeout=300):\n"
        "    def setup(self):\n        time.sleep(45)\n\n"
        '    @fal.endpoint("/")\n    def answer(self) -> str:\n        return "slow"\n'
    )
    name = apply("slow.py", code)
    apps.ready(shared_namespace, name)
    [pod] = kube.list("pods", shared_namespace, f"falapp.dev/app={name}")
    [container] = pod["status"]["containerStatuses"]
    assert container["restartCount"] == 0


def test_an_environment_that_fal_cannot_be_imported_in(apps, apply, shared_namespace):
    code = (APPS / "one_app.py").read_text()
    wanted = ["typing-extensions==4.0.1"]
    name = apply("conflict.py", code, requirements=wanted)
    app = apps.stalled(shared_namespace, name, "RuntimeConflict")
    check(app, "RuntimeConflict", "typing_extensions 4.0.1")

"""`falapp run --local`: the real launcher and gate, on free ports of this machine."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from contextlib import contextmanager

import pytest

from falapp_cli import places
from falapp_cli.errors import CliError, InputError
from falapp_cli.local import run as local
from falapp_cli.local import venv
from falapp_cli.main import run
from falapp_operator.api.falapp import FalAppSpec
from falapp_runner import contract, port
from tests.unit import samples
from tests.unit.runner.conftest import free_port

APP = """
import os
import fal
import beside

class A(fal.App):
    requirements = []
    secrets = ["A_SECRET"]

    def setup(self):
        self.word = beside.WORD

    @fal.endpoint("/")
    def say(self) -> dict:
        return {"word": self.word, "secret": os.environ["A_SECRET"], "cwd": os.getcwd()}

    def teardown(self):
        print("torn down")
"""


@contextmanager
def started(folder, *arguments, **variables):
    """Run `falapp run` in a process; yield it and its ports."""
    app, control = free_port(), free_port()
    command = [sys.executable, "-m", "falapp_cli", "run", "app.py", *arguments]
    process = subprocess.Popen(
        [*command, "--port", str(app), "--control-port", str(control)],
        cwd=folder,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, app, control
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=20)


def until(url, process, body=None, seconds=40):
    deadline = time.monotonic() + seconds
    while True:
        assert process.poll() is None, process.communicate()
        try:
            sent = None if body is None else json.dumps(body).encode()
            with urllib.request.urlopen(url, sent, timeout=5) as answer:  # noqa: S310 - loopback
                return json.loads(answer.read())
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < deadline, url
            time.sleep(0.1)


@pytest.mark.timeout(90)
def test_in_this_interpreter_it_answers_and_drains(tmp_path):
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "beside.py").write_text("WORD = 'here'\n")
    arguments = ("--local", "--no-install")
    with started(tmp_path, *arguments, A_SECRET="told") as (process, app, control):
        until(f"http://127.0.0.1:{control}/ready", process)
        answer = until(f"http://127.0.0.1:{app}/", process, {})
        assert answer["word"] == "here"
        assert answer["secret"] == "told"  # noqa: S105 - the test's own
        assert answer["cwd"] != str(tmp_path)  # a copy, as in a pod
        # It looks from time to time: the app may answer before that is said.
        assert any(f"ready: http://127.0.0.1:{app}" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "torn down" in out


@pytest.mark.timeout(60)
def test_what_setup_raises_is_told_and_ends_it(tmp_path):
    (tmp_path / "app.py").write_text(APP.replace("beside.WORD", "beside.GONE"))
    (tmp_path / "beside.py").write_text("")
    with started(tmp_path, "--local", "--no-install", A_SECRET="x") as (process, _, _):
        _, err = process.communicate(timeout=50)
    assert process.returncode == 1
    assert "SetupFailed: app.py::A: setup() raised AttributeError" in err


@pytest.mark.parametrize("option", ["--port", "--control-port"])
def test_a_port_that_is_taken_is_told_before_anything_starts(option, tmp_path, capsys):
    app = tmp_path / "app.py"
    app.write_text("import fal\nclass A(fal.App): ...\n")
    ports = {"--port": str(free_port()), "--control-port": str(free_port())}
    with port.bind(int(ports[option])) as held:
        held.listen()
        given = [word for pair in ports.items() for word in pair]
        assert run(["run", str(app), "--local", "--no-install", *given]) == 3
    [line] = capsys.readouterr().err.splitlines()
    assert f"{option}: {ports[option]} cannot be had on this machine (Address already in" in line


def test_without_local_it_says_what_to_do(tmp_path, capsys):
    assert run(["run", "app.py"]) == 3
    assert "--local" in capsys.readouterr().err


def test_another_python_needs_an_install(tmp_path, capsys):
    app = tmp_path / "app.py"
    app.write_text("import fal\nclass A(fal.App, python_version='3.99'): ...\n")
    assert run(["run", str(app), "--local", "--no-install"]) == 1
    assert "asks for Python 3.99" in capsys.readouterr().err


def spec(*requirements, **more):
    made = samples.app_spec(requirements=list(requirements), **more)
    return FalAppSpec.model_validate(made)


def wheel(folder, name, version):
    info = f"{name}-{version}.dist-info"
    content = {
        f"{name}.py": f"version = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    content[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*content, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)


@pytest.fixture
def wheelhouse(tmp_path, monkeypatch):
    """A folder of wheels that uv looks at instead of any index."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    wheel(folder, "one", "1.0")
    wheel(folder, "one", "2.0")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    return folder


PYTHON = ".".join(map(str, sys.version_info[:2]))


def packages(folder):
    return sorted(p.name for p in folder.glob("lib/*/site-packages/*.dist-info"))


@pytest.mark.timeout(60)
def test_a_venv_holds_the_requirements_and_is_made_once(wheelhouse):
    first = venv.environment(spec("one<2"), PYTHON)
    assert packages(first) == ["one-1.0.dist-info"]
    (first / "mark").touch()
    assert (venv.environment(spec("one<2"), PYTHON) / "mark").exists()
    assert packages(venv.environment(spec("one"), PYTHON)) == ["one-2.0.dist-info"]


@pytest.mark.timeout(60)
def test_what_uv_cannot_find_is_told_and_no_half_venv_is_taken_for_a_whole(wheelhouse):
    for _ in range(2):
        with pytest.raises(CliError, match=r"requirements: uv says: .*none-such"):
            venv.environment(spec("none-such==1.0"), PYTHON)


@pytest.mark.timeout(60)
def test_a_package_is_borrowed_for_the_reading(wheelhouse, capsys, tmp_path):
    app = tmp_path / "app.py"
    text = "import fal, one\nclass A(fal.App):\n    requirements = [f'one=={one.version}']\n"
    app.write_text(text)
    assert run(["render", str(app)]) == 3
    assert "--requirement one" in capsys.readouterr().err
    for _ in range(2):
        assert run(["render", str(app), "--requirement", "one<2"]) == 0
        said = capsys.readouterr()
        assert "one==1.0" in said.out
        assert "not installed" not in said.err
    assert run(["render", str(app), "--requirement", "none-such"]) == 1
    assert "--requirement: uv says:" in capsys.readouterr().err


def test_a_name_without_a_variable_is_told(monkeypatch):
    monkeypatch.delenv("GH_TOKEN", raising=False)
    with pytest.raises(InputError, match=r"\$\{GH_TOKEN\}.*no variable GH_TOKEN; export it"):
        venv.environment(spec("git+https://${GH_TOKEN}@git.example/x.git"), PYTHON)


@pytest.mark.timeout(60)
def test_uv_shows_no_secret(wheelhouse, monkeypatch, tmp_path):
    monkeypatch.setenv("A_TOKEN", "ghp_0123456789abcdef")
    url = "git+https://${A_TOKEN}@127.0.0.1:9/x.git"
    with pytest.raises(CliError) as caught:
        places.uv("pip", "install", "--target", str(tmp_path / "x"), requirements=[url], what="x")
    assert "ghp_0123456789abcdef" not in str(caught.value)


def test_the_runtime_is_what_the_image_has():
    assert "fal==1.83.0" in venv._runtime_requirements()
    assert any(r.startswith("uvloop") for r in venv._runtime_requirements())


def test_what_the_falapp_says_of_requests_and_time_holds_here_as_in_a_pod(monkeypatch):
    for name in (contract.GRACE_SECONDS, contract.MAX_MULTIPLEXING, contract.REQUEST_TIMEOUT):
        monkeypatch.delenv(name, raising=False)
    silent = local._variables(spec())
    assert contract.GRACE_SECONDS not in silent  # the class says it, or fal's default holds
    said = local._variables(spec(maxMultiplexing=4, requestTimeout="5m"))
    assert said[contract.MAX_MULTIPLEXING] == "4"
    assert said[contract.REQUEST_TIMEOUT] == "300"


def test_a_runtime_is_made_anew_when_any_of_its_files_changed(wheelhouse, tmp_path, monkeypatch):
    package = tmp_path / "falapp_runner"
    (package / "serving").mkdir(parents=True)
    (package / "boot.py").touch()
    inner = package / "serving" / "routes.py"
    inner.write_text("old")
    monkeypatch.setattr(venv, "_runtime_requirements", lambda: ["one<2"])
    monkeypatch.setattr(venv, "__file__", str(tmp_path / "falapp_cli" / "local" / "venv.py"))
    first = venv.runtime(PYTHON)
    inner.write_text("new")
    os.utime(inner, ns=(1, 1))
    second = venv.runtime(PYTHON)
    assert first != second
    assert (second / "falapp_runner" / "serving" / "routes.py").read_text() == "new"

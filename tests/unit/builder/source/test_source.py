"""The init container that clones: real git, a real server on the loopback interface."""

import subprocess
import sys
import time

import pytest

from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.source import step as source
from tests.unit.builder.forge import TOKEN, Forge

FILES = {"wan/app.py": "import helper\n", "wan/helper.py": "x = 1\n", "README.md": "apps\n"}


@pytest.fixture
def forge(tmp_path):
    (tmp_path / "forge").mkdir()
    with Forge(tmp_path / "forge") as made:
        yield made


@pytest.fixture
def app(tmp_path):
    folder = tmp_path / "app"
    folder.mkdir()
    return folder


@pytest.fixture
def clone(forge, places, app):
    def run(commit, name="apps", **variables):
        given = {source.URL: f"http://{forge.host}/{name}.git", source.COMMIT: commit}
        source.clone(places, given | variables, app)

    return run


def files(folder):
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    "login",
    [
        {"FALAPP_GIT_token": TOKEN},
        {"FALAPP_GIT_token": f"{TOKEN}\n"},
        {"FALAPP_GIT_username": "me", "FALAPP_GIT_token": TOKEN},
        {"FALAPP_GIT_username": "me", "FALAPP_GIT_password": TOKEN},
    ],
)
def test_the_whole_repository_without_git_in_it(forge, clone, app, login):
    commit = forge.add("apps", FILES)
    clone(commit, **login)
    assert files(app) == FILES


def test_a_folder_of_it(forge, clone, app):
    commit = forge.add("apps", FILES)
    clone(commit, FALAPP_GIT_token=TOKEN, **{source.PATH: "wan"})
    assert files(app) == {"app.py": "import helper\n", "helper.py": "x = 1\n"}


def test_the_commit_that_is_asked_for_and_not_what_the_branch_is_now(forge, clone, app):
    commit = forge.add("apps", {"app.py": "old\n"})
    work, bare = forge.folder / "work-apps", forge.folder / "apps.git"
    (work / "app.py").write_text("new\n")
    who = ["-c", "user.name=t", "-c", "user.email=t@example"]
    for command in (["commit", "-qam", "two"], ["push", "-q", str(bare), "main"]):
        subprocess.run(["git", *who, *command], cwd=work, check=True)
    forge.open = True
    clone(commit)
    assert files(app) == {"app.py": "old\n"}


def test_what_a_try_before_left_is_gone(forge, clone, app):
    commit = forge.add("apps", {"app.py": "x = 1\n"})
    (app / ".falapp-clone" / ".git").mkdir(parents=True)
    (app / "app.py").write_text("half\n")
    clone(commit, FALAPP_GIT_token=TOKEN)
    assert files(app) == {"app.py": "x = 1\n"}


@pytest.mark.parametrize(
    ("change", "reason", "says"),
    [
        ({source.COMMIT: "0" * 40}, Reason.SOURCE_NOT_FOUND, "has no commit 0000"),
        ({"FALAPP_GIT_token": "CANARYwrong"}, Reason.ACCESS_DENIED, "login in secretRef"),
        ({"FALAPP_GIT_token": ""}, Reason.ACCESS_DENIED, "login in secretRef"),
        ({source.PATH: "no/such"}, Reason.SOURCE_NOT_FOUND, "no folder 'no/such'"),
        ({source.PATH: "../.."}, Reason.SOURCE_NOT_FOUND, "no folder '../..'"),
        ({source.URL: "http://127.0.0.1:1/a.git"}, Reason.SOURCE_UNREACHABLE, "tried again"),
    ],
)
def test_what_cannot_be_had(forge, clone, change, reason, says, capfd):
    commit = forge.add("apps", FILES)
    with pytest.raises(Failure) as caught:
        clone(**({"commit": commit, "FALAPP_GIT_token": TOKEN} | change))
    assert caught.value.reason == reason
    assert says in caught.value.message
    said = "".join(capfd.readouterr())
    assert "CANARY" not in said + caught.value.message + caught.value.log


def test_a_repository_that_is_not_there(forge, clone):
    forge.add("apps", FILES)
    with pytest.raises(Failure, match="no git repository at") as caught:
        clone("0" * 40, "none", FALAPP_GIT_token=TOKEN)
    assert caught.value.reason == Reason.SOURCE_NOT_FOUND


def test_the_login_is_nowhere_on_the_disk(forge, clone, app):
    commit = forge.add("apps", FILES)
    clone(commit, FALAPP_GIT_token=TOKEN)
    assert not [p for p in app.rglob("*") if p.is_file() and TOKEN in p.read_text()]


def test_a_clone_ends_when_it_is_told_to():
    """As the first process of a container it would not, without a handler."""
    code = (
        "import signal, sys, time; from falapp_builder.pod import report;"
        "from falapp_builder.source import step as source;"
        "report.guarded = lambda *_: (print('up', flush=True), time.sleep(30));"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); source.main()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"up\n"
    process.terminate()
    assert process.wait(10) == 143
    process.stdout.close()


def test_a_server_that_stalls_is_not_waited_for_for_ever(forge, clone, app, monkeypatch):
    class Stalls(Forge):
        def answer(self, request):
            time.sleep(3)

    monkeypatch.setattr(
        source, "_PATIENCE", {"GIT_HTTP_LOW_SPEED_LIMIT": "1000", "GIT_HTTP_LOW_SPEED_TIME": "1"}
    )
    with Stalls(forge.folder) as slow, pytest.raises(Failure) as caught:
        clone(**{"commit": "0" * 40, source.URL: f"http://{slow.host}/apps.git"})
    assert caught.value.reason == Reason.SOURCE_UNREACHABLE

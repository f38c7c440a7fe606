"""Real git servers on the loopback interface, asked which commit a branch or a tag is."""

import httpx
import pytest

from falapp_operator.api.conditions import Reason
from falapp_operator.cluster.git import Git
from falapp_operator.cluster.reach import Reach
from falapp_operator.errors import UserError
from tests.unit import samples
from tests.unit.builder import forge as forges
from tests.unit.builder.server import Server, reply

LOGIN = ("x-token-auth", forges.TOKEN)


@pytest.fixture
def forge(tmp_path):
    with forges.Forge(tmp_path) as made:
        yield made


@pytest.fixture
async def git():
    made = Git.connect(samples.settings(), Reach(loopback=True))
    yield made
    await made.close()


def url(forge, name="apps.git"):
    return f"http://{forge.host}/{name}"


def add(forge):
    """A repository with a branch and a tag of two kinds on its one commit; return the commit."""
    commit = forge.add("apps", {"app.py": "x = 1\n"})
    bare = forge.folder / "apps.git"
    forges._git(bare, "tag", "-a", "-m", "annotated", "v2", commit)
    forges._git(bare, "branch", "fix/one", commit)
    return commit


@pytest.mark.parametrize("ref", ["", "main", "fix/one", "v1", "v2", "refs/heads/main", "tags/v1"])
@pytest.mark.parametrize("protocol", ["2", "0"])
async def test_what_names_a_commit(forge, git, ref, protocol, monkeypatch):
    commit = add(forge)
    if protocol == "0":  # as servers answer that know no other
        bare = forge.folder / "apps.git"
        forges._git(bare, "config", "protocol.version", "0")
        git._client.event_hooks = {"request": [_without_protocol]}
    assert await git.commit(url(forge), ref, LOGIN) == commit


async def _without_protocol(request):
    request.headers.pop("Git-Protocol", None)


async def test_a_tag_is_before_a_branch_of_its_name(forge, git):
    """As git has it."""
    first = forge.add("apps", {"app.py": "x = 1\n"})
    work, bare = forge.folder / "work-apps", forge.folder / "apps.git"
    forges._git(work, "commit", "--quiet", "--allow-empty", "--message", "two")
    forges._git(work, "push", "--quiet", str(bare), "HEAD:refs/heads/v1")
    assert await git.commit(url(forge), "v1", LOGIN) == first
    assert await git.commit(url(forge), "refs/heads/v1", LOGIN) != first


async def test_a_ref_that_is_not_there(forge, git):
    add(forge)
    with pytest.raises(UserError, match="no branch or tag 'v9'; push it") as caught:
        await git.commit(url(forge), "v9", LOGIN)
    assert caught.value.reason == Reason.SOURCE_NOT_FOUND


@pytest.mark.parametrize(
    ("login", "name", "status", "expected"),
    [
        (None, "apps.git", 0, (Reason.ACCESS_DENIED, "give a login in secretRef")),
        (("x", "CANARYwrong"), "apps.git", 0, (Reason.ACCESS_DENIED, "login in its secretRef may")),
        (LOGIN, "none.git", 0, (Reason.SOURCE_NOT_FOUND, "answers 404: check the URL")),
        (LOGIN, "apps.git", 502, (Reason.SOURCE_UNREACHABLE, "answers 502; it is asked again")),
    ],
)
async def test_a_server_that_refuses(forge, git, login, name, status, expected):
    add(forge)
    forge.status = status
    with pytest.raises(UserError, match=expected[1]) as caught:
        await git.commit(url(forge, name), "main", login)
    assert caught.value.reason == expected[0]
    assert "CANARY" not in str(caught.value)


async def test_a_server_that_does_not_answer(git):
    with pytest.raises(UserError, match="did not answer") as caught:
        await git.commit("http://127.0.0.1:1/apps.git", "main", LOGIN)
    assert caught.value.reason == Reason.SOURCE_UNREACHABLE


async def test_what_is_no_git_server_has_no_branch(git):
    class Page(Server):
        def answer(self, request):
            reply(request, 200, b"<html>welcome</html>")

    with Page() as page, pytest.raises(UserError, match="no branch or tag"):
        await git.commit(f"http://{page.host}/apps.git", "main", None)


async def test_a_server_that_talks_without_end_is_left(git, monkeypatch):
    monkeypatch.setattr("falapp_operator.cluster.git._MOST_BYTES", 1000)

    class Talker(Server):
        def answer(self, request):
            reply(request, 200, b"0" * 100_000)

    with Talker() as talker, pytest.raises(UserError, match="more than a list of branches"):
        await git.commit(f"http://{talker.host}/apps.git", "main", None)


async def test_a_login_is_not_shown_to_where_a_server_sends_us(forge, git):
    commit = add(forge)
    forge.open = True
    seen = []

    class Moved(Server):
        def answer(self, request):
            assert request.headers.get("Authorization")
            reply(request, 301, headers={"Location": f"http://{forge.host}{request.path}"})

    async def note(request):
        seen.append((request.url.port, "Authorization" in request.headers))

    git._client.event_hooks = {"request": [note]}
    with Moved() as moved:
        assert await git.commit(f"http://{moved.host}/apps.git", "main", LOGIN) == commit
    elsewhere = [shown for port, shown in seen if port == httpx.URL(url(forge)).port]
    assert elsewhere == [False, False]

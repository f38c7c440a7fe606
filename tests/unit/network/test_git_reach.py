"""Git servers that mean no good: where the operator does not follow, wait or connect."""

import asyncio
import socket
import time

import httpx
import pytest

from falapp_operator.api.conditions import Reason
from falapp_operator.cluster import git as gits
from falapp_operator.cluster import packets
from falapp_operator.cluster.git import Git
from falapp_operator.cluster.reach import Reach, UnreachableError
from falapp_operator.errors import UserError
from tests.unit import samples
from tests.unit.builder.server import Server, reply

COMMIT = "a" * 40
REFS = f"/info/refs?service={gits._SERVICE}"
LIST = (packets.packet(f"{COMMIT} refs/heads/main\n") + "0000").encode()


@pytest.fixture
async def git():
    made = Git.connect(samples.settings(), Reach(loopback=True))
    yield made
    await made.close()


class Teller(Server):
    """Answers what `say` has for the path, and notes what was asked."""

    def __init__(self, **say):
        super().__init__()
        self.say = say
        self.asked = []

    def answer(self, request):
        self.asked.append((request.command, request.path, dict(request.headers)))
        status, content, headers = self.say[request.path.split("/")[1]]
        reply(request, status, content, headers)


async def asked(git, server, name="apps", login=None):
    return await git.commit(f"http://{server.host}/{name}", "main", login)


async def test_a_server_that_is_silent_is_left_in_time(git, monkeypatch):
    """Each byte of it comes before the time of one read is over."""
    monkeypatch.setattr(gits, "_SECONDS", 0.3)
    monkeypatch.setattr(gits, "_TURN_SECONDS", 0.1)

    class Dripping(Server):
        def answer(self, request):
            request.send_response(200)
            request.send_header("Content-Length", "1000")
            request.end_headers()
            for _ in range(500):  # until the connection is closed
                request.wfile.write(b"0")
                time.sleep(0.02)

    start = time.monotonic()
    with Dripping() as server:
        told = await asyncio.gather(
            *(asked(git, server) for _ in range(gits._AT_ONCE + 1)), return_exceptions=True
        )
    assert time.monotonic() - start < 2
    assert {error.reason for error in told} == {Reason.SOURCE_UNREACHABLE}
    assert sum("not within 0.3 s" in str(error) for error in told) == gits._AT_ONCE
    assert sum("was not asked" in str(error) for error in told) == 1


async def test_far_too_many_packets_are_not_read(git):
    server = Teller(apps=(200, b"0000" * (packets._MOST + 1), {}))
    with server, pytest.raises(UserError, match="more than a list of branches"):
        await asked(git, server)


async def test_what_one_server_sets_no_other_sees(git):
    with Teller(apps=(200, LIST, {"Set-Cookie": "who=CANARY; Path=/"})) as server:
        assert await asked(git, server) == COMMIT
        assert await asked(git, server) == COMMIT
    assert [headers for *_, headers in server.asked if "Cookie" in headers] == []
    assert len(git._client.cookies.jar) == 0


@pytest.mark.parametrize(
    "location", ["/other/secrets", f"/other{REFS}&x=1", "ftp://h/other/info/refs", "http://h:0/x"]
)
async def test_a_redirect_to_what_is_no_repository_is_not_followed(git, location):
    server = Teller(apps=(302, b"", {"Location": location}), other=(200, LIST, {}))
    with server, pytest.raises(UserError, match="not as a git server does") as caught:
        await asked(git, server)
    assert len(server.asked) == 1
    assert "secrets" not in str(caught.value)


async def test_a_repository_that_moved_is_followed_three_times(git):
    say = {f"r{n}": (301, b"", {"Location": f"/r{n + 1}{REFS}"}) for n in range(4)}
    with Teller(**say, r4=(200, LIST, {})) as server:
        assert await asked(git, server, "r1") == COMMIT
        with pytest.raises(UserError, match="elsewhere"):
            await asked(git, server, "r0")


async def test_of_what_fails_after_a_redirect_nothing_is_told(git):
    told = set()
    places = ["/no", "/gone", "/odd", "http://127.0.0.1:1/x", "http://169.254.169.254/x"]
    for place in places:
        say = {"no": (403, b"", {}), "gone": (404, b"", {}), "odd": (500, b"", {})}
        server = Teller(apps=(302, b"", {"Location": place + REFS}), **say)
        with server, pytest.raises(UserError) as caught:
            await asked(git, server)
        told.add((caught.value.reason, str(caught.value).replace(server.host, "")))
    assert len(told) == 1


async def test_a_question_that_is_posted_is_sent_nowhere_else(git):
    class Sender(Teller):
        def answer(self, request):
            self.asked.append(request.path)
            if request.command == "GET":
                return reply(request, 200, b"000eversion 2\n0000")
            return reply(request, 307, headers={"Location": "/elsewhere"})

    with Sender() as server, pytest.raises(UserError, match="answers 307"):
        await asked(git, server)
    assert "/elsewhere" not in server.asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "::",
        "169.254.169.254",
        "fe80::1%eth0",
        "224.0.0.1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "fd00:ec2::254",
        "192.0.2.7",
    ],
)
def test_what_is_never_connected_to(address):
    reach = Reach.strict({"KUBERNETES_SERVICE_HOST": "192.0.2.7"})
    with pytest.raises(UnreachableError):
        reach.check("git.example", ["198.51.100.1", address])


def test_services_of_the_cluster_may_be_asked():
    Reach.strict({"KUBERNETES_SERVICE_HOST": "10.96.0.1"}).check(
        "git.dev.svc", ["10.96.0.2", "192.168.7.7", "fd00::7", "198.51.100.1"]
    )


def test_an_api_server_that_has_a_name_is_not_asked():
    with pytest.raises(UnreachableError):
        Reach.strict({"KUBERNETES_SERVICE_HOST": "api.example"}).check("API.example.", [])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]"])
async def test_the_operator_does_not_ask_itself(host):
    strict = Git.connect(samples.settings())
    with Teller(apps=(200, LIST, {})) as server:
        port = server.host.partition(":")[2]
        with pytest.raises(UserError, match="where the operator asks nobody") as caught:
            await strict.commit(f"http://{host}:{port}/apps", "main", None)
    assert caught.value.reason == Reason.INVALID_SPEC
    assert server.asked == []
    await strict.close()


async def test_a_name_is_looked_up_once_and_sent_as_it_is(git, monkeypatch):
    loop, looked_up = asyncio.get_running_loop(), []

    async def lookup(host, port, **_):
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with Teller(apps=(200, LIST, {})) as server:
        port = server.host.partition(":")[2]
        with monkeypatch.context() as patch:
            patch.setattr(loop, "getaddrinfo", lookup)
            assert await git.commit(f"http://git.example:{port}/apps", "main", None) == COMMIT
    assert looked_up.count("git.example") == 1
    assert server.asked[0][2]["Host"] == f"git.example:{port}"


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://10.255.255.1:99999/x", "port"),
        ("http://h:0/x", "port"),
        ("http://h:abc/x", "port"),
        ("http://xn--/x", "host"),
        ("http://a..b/x", "host"),
        ("http://:80/x", "host"),
        (f"http://{'a' * 70}.example/x", "host"),
    ],
)
async def test_a_url_that_cannot_be(git, url, what):
    with pytest.raises(UserError, match=f"has a {what} that cannot be; ") as caught:
        await git.commit(url, "main", None)
    assert caught.value.reason == Reason.INVALID_SPEC
    assert url in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        ExceptionGroup("connecting", [OverflowError()]),
        UnicodeError("idna"),
        OSError("no"),
        ValueError("no"),
        httpx.InvalidURL("no"),
    ],
)
async def test_what_else_fails_is_a_server_that_is_not_reached(git, error, monkeypatch):
    async def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(git._client._transport, "handle_async_request", fail)
    with pytest.raises(UserError, match="did not answer") as caught:
        await git.commit("http://git.example/apps", "main", None)
    assert caught.value.reason == Reason.SOURCE_UNREACHABLE

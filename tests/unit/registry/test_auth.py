import json
from urllib.parse import parse_qs

import httpx
import pytest

from falapp_registry.auth import RegistryAuth
from falapp_registry.credentials import Login
from falapp_registry.errors import TokenError
from tests.unit.registry.world import BLOB, IDENTITY, LOGIN, REGISTRY, World


@pytest.fixture
def world():
    return World()


@pytest.mark.parametrize("login", [None, LOGIN, IDENTITY], ids=["stranger", "password", "identity"])
def test_a_token_is_fetched(world, login):
    assert world.client(login).get(BLOB).text == "blob"
    assert world.hosts() == ["registry", "auth", "registry"]
    first, asked, again = world.log
    assert "Authorization" not in first.headers
    assert again.headers["Authorization"] == "Bearer token-1"
    scopes = ["repository:team/app:pull", "x:y:z"]
    if login is IDENTITY:
        assert asked.method == "POST"
        assert "Authorization" not in asked.headers
        assert parse_qs(asked.content.decode()) == {
            "grant_type": ["refresh_token"],
            "service": ["reg"],
            "client_id": ["falapp"],
            "scope": [" ".join(scopes)],
            "refresh_token": ["s3cr3t-identity"],
        }
        return
    assert asked.method == "GET"
    assert asked.headers.get("Authorization") == (login.basic if login else None)
    query = {"own": ["1"], "service": ["reg"], "scope": scopes}
    assert parse_qs(asked.url.query.decode()) == query | ({"account": ["me"]} if login else {})


async def test_asynchronous_clients_get_it_too(world):
    transport = httpx.MockTransport(world.handle)
    async with httpx.AsyncClient(transport=transport, auth=world.auth(LOGIN)) as client:
        assert (await client.get(BLOB)).text == "blob"
        async with client.stream("GET", BLOB) as response:
            assert not response.is_stream_consumed
    assert world.hosts() == ["registry", "auth", "registry", "registry"]


def test_a_token_is_kept_until_it_ends(world):
    client = world.client(LOGIN)
    for _ in range(3):
        client.get(BLOB)
    assert world.issued == 1
    world.now += 289
    client.get(BLOB)
    assert world.issued == 1
    world.now += 2
    assert client.get(BLOB).status_code == 200
    assert world.issued == 2


def test_a_token_that_does_not_say_is_kept_for_a_minute(world):
    world.token = {}
    client = world.client()
    client.get(BLOB)
    world.now += 49
    client.get(BLOB)
    assert world.issued == 1
    world.now += 2
    client.get(BLOB)
    assert world.issued == 2


def test_reading_and_writing_have_tokens_of_their_own(world):
    client = world.client(LOGIN)
    client.get(BLOB)
    client.head(BLOB)
    assert world.issued == 1
    client.post(BLOB)
    client.put(BLOB, content=b"x")
    assert world.issued == 2


def test_a_token_that_is_not_taken_any_more_is_replaced(world):
    client = world.client(LOGIN)
    client.get(BLOB)
    world.valid.clear()
    assert client.get(BLOB).status_code == 200
    assert world.issued == 2


def test_a_token_that_is_never_taken_is_tried_once(world):
    client = world.client(LOGIN)
    world.valid = frozenset()
    world._service = lambda: httpx.Response(200, json={"access_token": "useless"})
    assert client.get(BLOB).status_code == 401
    assert world.hosts() == ["registry", "auth", "registry"]


def test_a_registry_without_tokens(world):
    world.challenge = 'Basic realm="R"'
    client = world.client(LOGIN)
    assert client.get(BLOB).status_code == 200
    assert client.get(BLOB).status_code == 200
    assert [r.headers.get("Authorization") for r in world.log] == [None, LOGIN.basic, LOGIN.basic]


@pytest.mark.parametrize("login", [None, IDENTITY])
def test_a_registry_that_wants_a_password_which_there_is_not(world, login):
    world.challenge = 'Basic realm="R"'
    assert world.client(login).get(BLOB).status_code == 401
    assert len(world.log) == 1


@pytest.mark.parametrize("challenge", ["Negotiate", "Digest realm=x"])
def test_a_way_that_we_do_not_know(world, challenge):
    world.challenge = challenge
    assert world.client(LOGIN).get(BLOB).status_code == 401
    assert len(world.log) == 1


def test_credentials_that_changed_are_used(world):
    logins = iter([LOGIN, Login(username="me", password="newer")])
    auth = RegistryAuth(REGISTRY, lambda: next(logins), clock=lambda: world.now)
    with httpx.Client(transport=httpx.MockTransport(world.handle), auth=auth) as client:
        client.get(BLOB)
        world.now += 300
        client.get(BLOB)
    asked = [r.headers["Authorization"] for r in world.log if r.url.host == "auth.example"]
    assert asked == [LOGIN.basic, Login(username="me", password="newer").basic]


@pytest.mark.parametrize("redirect", [True, "refused"])
@pytest.mark.parametrize("challenge", [None, 'Basic realm="R"'])
def test_storage_that_a_registry_redirects_to_gets_nothing(world, redirect, challenge):
    world.redirect, world.challenge = redirect, challenge
    answer = world.client(LOGIN, follow_redirects=True).get(BLOB)
    assert answer.status_code == (200 if redirect is True else 401)
    storage = [r for r in world.log if r.url.host == "storage.example"]
    assert len(storage) == 1
    assert "Authorization" not in storage[0].headers


@pytest.mark.parametrize(
    "url",
    [
        "https://storage.example/upload",
        "http://registry.example/v2/",
        "https://registry.example:444/v2/",
        "https://registry.example.evil/v2/",
    ],
)
def test_what_goes_elsewhere_is_left_alone(world, url):
    world.challenge = 'Basic realm="R"'
    client = world.client(LOGIN)
    client.get(BLOB)
    client.put(url, content=b"x")
    assert "Authorization" not in world.log[-1].headers


class Wire(httpx.BaseTransport):
    """Sends what is streamed, where httpx's mock keeps it."""

    def __init__(self, handle):
        self.handle_request = handle


def test_a_stream_cannot_be_sent_again(world):
    client = httpx.Client(transport=Wire(world.handle), auth=world.auth(LOGIN))
    assert client.put(BLOB, content=iter([b"a", b"b"])).status_code == 401
    assert world.hosts() == ["registry"], "the answer to a question for a token would be returned"
    client.post(BLOB)
    assert client.put(BLOB, content=iter([b"a", b"b"])).status_code == 200
    world.valid.clear()
    assert client.put(BLOB, content=iter([b"a", b"b"])).status_code == 401
    client.post(BLOB)
    assert client.put(BLOB, content=iter([b"a", b"b"])).status_code == 200


def test_a_blob_is_not_read_on_the_way(world):
    client = world.client(LOGIN)
    client.get(BLOB)
    with client.stream("GET", BLOB) as response:
        assert not response.is_stream_consumed


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503])
def test_a_token_service_that_refuses(world, status):
    world.service_status = status
    with pytest.raises(TokenError) as caught:
        world.client(LOGIN).get(BLOB)
    assert caught.value.status == status
    text = f"the token service auth.example of the registry registry.example answered {status}"
    assert str(caught.value) == text


@pytest.mark.parametrize(
    "token",
    [
        "s3cr3t",
        "[]",
        "{}",
        json.dumps({"token": ""}),
        json.dumps({"token": "s3cr3t\nX: y"}),
        json.dumps({"token": "s3cr3t ö"}),
        json.dumps({"token": "t", "expires_in": "s3cr3t"}),
    ],
)
def test_a_token_service_that_gives_no_token(world, token):
    world.token = token
    with pytest.raises(TokenError, match="gave no token") as caught:
        world.client(LOGIN).get(BLOB)
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "realm",
    [
        "",
        "token",
        "http://auth.example/token",
        "ftp://auth.example/",
        "https://auth.example:x",
        "https://",
    ],
)
def test_a_token_service_that_cannot_be_trusted(world, realm):
    world.realm = realm
    with pytest.raises(TokenError, match="no token service that can be trusted") as caught:
        world.client(LOGIN).get(BLOB)
    assert caught.value.status == 0
    assert len(world.log) == 1


def test_without_tls_the_token_service_needs_none_either(world):
    world.realm = "http://auth.example/token"
    auth = world.auth(LOGIN, "http://registry.example")
    with httpx.Client(transport=httpx.MockTransport(world.handle), auth=auth) as client:
        assert client.get("http://registry.example/v2/team/app/blobs/sha256:1").status_code == 200


def test_the_token_service_is_given_no_more_time_than_the_registry(world):
    world.client(LOGIN).get(BLOB, timeout=7)
    assert world.log[1].extensions["timeout"] == world.log[0].extensions["timeout"]


def test_who_is_a_stranger(world):
    assert world.auth().stranger
    assert not world.auth(LOGIN).stranger

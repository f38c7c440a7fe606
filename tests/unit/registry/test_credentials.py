import base64
import json

import pytest

from falapp_registry.credentials import Credentials, Login
from falapp_registry.errors import CredentialsError
from falapp_registry.reference import HUB


def auth(text):
    return {"auth": base64.b64encode(text.encode()).decode()}


def credentials(**auths):
    return Credentials.parse(json.dumps({"auths": auths}).encode())


@pytest.mark.parametrize(
    ("value", "login"),
    [
        (auth("me:pass"), Login(username="me", password="pass")),
        (auth("me:with:colons"), Login(username="me", password="with:colons")),
        ({"auth": auth("me:pass!")["auth"].rstrip("=")}, Login(username="me", password="pass!")),
        ({"username": "me", "password": "pass"}, Login(username="me", password="pass")),
        (
            {"username": "old", "password": "old"} | auth("me:pass"),
            Login(username="me", password="pass"),
        ),
        ({"identitytoken": "t0ken"}, Login(token="t0ken")),
        (auth("<token>:") | {"identitytoken": "t"}, Login(username="<token>", token="t")),
        ({}, Login()),
    ],
)
def test_forms(value, login):
    assert credentials(**{"registry.example": value}).find("registry.example", "a") == login


@pytest.mark.parametrize(
    ("key", "host", "found"),
    [
        ("registry.example", "registry.example", True),
        ("https://registry.example", "registry.example", True),
        ("http://registry.example/", "registry.example", True),
        ("https://registry.example/v1/", "registry.example", True),
        ("registry.example/v2", "registry.example", True),
        ("REGISTRY.example", "registry.example", True),
        ("registry.example:5000", "registry.example:5000", True),
        ("registry.example", "registry.example:5000", False),
        ("registry.example", "evil-registry.example", False),
        ("registry.example", "registry.example.evil", False),
        ("*.example", "registry.example", True),
        ("*.example", "a.registry.example", False),
        ("r*.example", "registry.example", True),
        (f"https://index.{HUB}/v1/", HUB, True),
        (HUB, f"registry-1.{HUB}", True),
        (f"index.{HUB}", HUB, True),
    ],
)
def test_keys(key, host, found):
    assert bool(credentials(**{key: auth("me:pass")}).find(host, "team/app")) is found


def test_the_longest_path_wins():
    made = credentials(
        **{
            "registry.example": auth("all:1"),
            "registry.example/team/app": auth("app:1"),
            "registry.example/team": auth("team:1"),
            "*.example": auth("any:1"),
        }
    )
    asked = ["team/app", "team/other", "else", "team/app/sub"]
    users = [made.find("registry.example", repository).username for repository in asked]
    assert users == ["app", "team", "all", "app"]
    assert made.find("other.example", "team/app").username == "any"
    assert made.find("registry.other", "team/app") is None


def test_without_a_file_there_are_no_logins(tmp_path):
    assert Credentials.read(tmp_path / "absent").find("registry.example", "a") is None


@pytest.mark.parametrize("content", ["{}", '{"auths": null}', '{"credsStore": "desktop"}'])
def test_a_file_without_logins(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    assert Credentials.read(tmp_path / "config.json").find("registry.example", "a") is None


@pytest.mark.parametrize(
    "content",
    [
        "s3cr3t",
        "[]",
        '{"auths": "s3cr3t"}',
        '{"auths": {"registry.example": "s3cr3t"}}',
        '{"auths": {"registry.example": {"auth": "s3cr3t%%"}}}',
        '{"auths": {"registry.example": {"auth": "/////w=="}}}',
        b"\xff\xfe s3cr3t",
    ],
)
def test_what_is_no_such_file(tmp_path, content):
    path = tmp_path / "config.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CredentialsError, match="is no Docker configuration") as caught:
        Credentials.read(path)
    assert str(path) in str(caught.value)
    assert "s3cr3t" not in repr(caught.value)
    assert caught.value.__suppress_context__


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(CredentialsError, match="cannot be read"):
        Credentials.read(tmp_path)


def test_nothing_shows_what_it_holds():
    made = credentials(**{"registry.example": auth("me:s3cr3t")})
    login = made.find("registry.example", "a")
    assert "s3cr3t" not in f"{made!r} {login!r} {login}"
    assert login.basic == f"Basic {auth('me:s3cr3t')['auth']}"

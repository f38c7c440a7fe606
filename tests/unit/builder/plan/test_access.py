"""Whom credentials are shown to."""

import pytest

from falapp_builder.plan.access import Access

VALUES = {"INDEX": "https://u:p%40ss@index.example/simple/", "TOKEN": "t0ken", "Q": "sig=a%2Fb"}


def login(written: str, *tokens: str) -> tuple[str, str] | None:
    address = Access(tokens, VALUES).address(written)
    assert address is not None
    assert not address.url.userinfo
    return address.login


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://index.example/files/a.whl", ("u", "p@ss")),
        ("https://index.example:443/files/a.whl", ("u", "p@ss")),
        ("https://files.index.example/a.whl", None),
        ("https://index.example:8443/a.whl", None),
        ("http://index.example/a.whl", None),
        ("https://index.example.evil.example/a.whl", None),
    ],
)
@pytest.mark.parametrize(
    "token",
    [
        "--extra-index-url=${INDEX}",
        "--index-url https://u:p%40ss@index.example/simple/",
        "a @ https://u:p%40ss@index.example/other.whl",
    ],
)
def test_a_login_is_for_its_origin(token: str, url: str, expected: tuple[str, str] | None) -> None:
    assert login(url, "numpy==1", token) == expected


def test_a_login_of_git_is_not_for_files() -> None:
    assert login("https://h.example/a.whl", "git+https://${TOKEN}@h.example/a.git") is None


def test_of_two_indexes_on_one_host_the_nearer_counts() -> None:
    tokens = ["--index-url=https://a:1@h.example/one/simple", "-f https://b:2@h.example/two/x"]
    assert login("https://h.example/two/files/a.whl", *tokens) == ("b", "2")
    assert login("https://h.example/one/files/a.whl", *tokens) == ("a", "1")


def test_a_url_has_its_own() -> None:
    tokens = ["--index-url=https://a:1@h.example/simple"]
    assert login("https://${TOKEN}@h.example/a.whl", *tokens) == ("t0ken", "")
    assert login("https://oauth:${TOKEN}@h.example/a.whl", *tokens) == ("oauth", "t0ken")


def test_variables_are_expanded_and_fragments_left_out() -> None:
    access = Access([], VALUES | {"WHEEL": "https://h.example/a.whl?sig=1#egg=a"})
    shown = [
        str(a.url) for w in ("${WHEEL}", "https://h.example/b?${Q}") if (a := access.address(w))
    ]
    assert shown == ["https://h.example/a.whl?sig=1", "https://h.example/b?sig=a%2Fb"]


@pytest.mark.parametrize(
    "written", ["", "${NOTHING}", "file:///etc/passwd", "a.whl", "https://", "http://h:port/"]
)
def test_no_address(written: str) -> None:
    assert Access([], VALUES).address(written) is None

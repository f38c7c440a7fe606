import base64
import string
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from falapp_requirements.redact import Redactor, has_password, item, secrets

CANARY = "CANARY1234"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user:CANARY@h/x", "https://****@h/x"),
        ("git+https://CANARY@h/x.git@main", "git+https://****@h/x.git@main"),
        ("fatal: for 'http://CANARY@h': no", "fatal: for 'http://****@h': no"),
        ("https://u:p@ss@h/x", "https://****@h/x"),
        ("https://u:pa/ss@h/x", "https://****@h/x"),
        ("https://u:pa?ss@h/x", "https://****@h/x"),
        ("git+https:CANARY@h/x", "****@h/x"),
        ("https:/CANARY@h/x", "https:/****@h/x"),
        ("https//CANARY@h/x", "https//****@h/x"),
        ("name=@http://u:CANARY@h/x?s=CANARY", "name=@http://****@h/x?****"),
        ("u:CANARY@h/x", "****@h/x"),
        ("https://h/x.whl?X-Amz-Signature=CANARY#sha256=00", "https://h/x.whl?****#sha256=00"),
        ("GET /x.whl?sig=CANARY HTTP", "GET /x.whl?**** HTTP"),
        # variables are no secrets; the operator's own say nothing
        ("git+https://${GH_TOKEN}@h/x", "git+https://${GH_TOKEN}@h/x"),
        ("https://me:${PW}@h/x", "https://me:${PW}@h/x"),
        ("https://${PW}CANARY@h/x", "https://****@h/x"),
        ("https://${FALAPP_CREDENTIAL_1}@h/x", "https://****@h/x"),
        # what must stay readable
        ("http://127.0.0.1:8765/x.git@main", "http://127.0.0.1:8765/x.git@main"),
        ("https://h:443/x@y", "https://h:443/x@y"),
        ("pkg@https://h/x.whl", "pkg@https://h/x.whl"),
        ("x @ git+https://h/x.git@v1#subdirectory=a", "x @ git+https://h/x.git@v1#subdirectory=a"),
        ("torch==2.6.0+cu124", "torch==2.6.0+cu124"),
        ("why? because", "why? because"),
        ("bad.c:1:9: error: expected", "bad.c:1:9: error: expected"),
    ],
)
def test_patterns(text: str, expected: str) -> None:
    assert Redactor()(text) == expected


def test_secrets_of_the_requirements_are_hidden_wherever_they_turn_up() -> None:
    written = ["git+https://TOKENTOKEN@h/x", "--index-url=https://u:pass%2Fword@h/?key=querykey"]
    redact = Redactor(written)
    said = "Password for TOKENTOKEN, pass%2Fword, pass/word and querykey"
    assert redact(said) == "Password for ****, ****, **** and ****"


@pytest.mark.parametrize("token", ["git+ssh://git@h/x", "https://x-access-token@h/", "requests"])
def test_public_words_are_no_secrets(token: str) -> None:
    assert secrets(token) == frozenset()


def test_of_name_and_password_only_the_password_is_a_secret() -> None:
    assert secrets("https://somebody:password1@h/x") == {"password1"}


VALUE = "CANARY/va+lue:p@ss?w%rd"


@pytest.mark.parametrize(
    "shape",
    [
        VALUE,
        quote(VALUE),
        quote(VALUE, safe=""),
        quote_plus(VALUE),
        unquote(VALUE),
        base64.b64encode(VALUE.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(VALUE.encode()).decode().rstrip("="),
        VALUE.partition(":")[2],
    ],
)
def test_values_are_hidden_in_every_shape(shape: str) -> None:
    redact = Redactor(values=[VALUE])
    assert redact(f"before {shape} after") == "before **** after"


@pytest.mark.parametrize("user", ["", "u", "us", "x-access-token", "somebody"])
@pytest.mark.parametrize("after", ["", ":", "\n", ":x-oauth-basic"])
def test_a_value_inside_of_base64_is_hidden(user: str, after: str) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        header = encode(f"{user}:CANARY1234{after}".encode()).decode()
        shown = Redactor(values=["CANARY1234"])(f"Authorization: Basic {header}, x\ny")
        assert shown == "Authorization: Basic ****, x\ny"


def test_what_is_secret_in_a_whole_url_is_hidden_by_itself() -> None:
    redact = Redactor(values=["https://me:CANARYpw@h/x.whl?X-Amz-Signature=CANARYsig&v=1"])
    assert redact("password CANARYpw, signature CANARYsig") == "password ****, signature ****"


def test_the_longest_is_hidden_first_and_what_is_too_short_is_left() -> None:
    assert Redactor(values=["abcdef", "abc", "", "v"])("abcdef abc v1") == "**** **** v1"


LONG = 65_536
"""Characters: as long as a Dockerfile may be, in one line."""


@pytest.mark.parametrize("tail", ["", " @", "!"])
@pytest.mark.parametrize(
    "part", ["https:////", "http:/b:", "a:/", "https://a:b", "git:", "%", "a:", "https://a?"]
)
def test_no_text_takes_more_than_linear_time(part: str, tail: str) -> None:
    """With quadratic time each would take minutes, which are more than a unit test has."""
    text = f"{part * (LONG // len(part))}{tail} https://u:{CANARY}@h/x"
    assert CANARY not in Redactor()(text)
    assert CANARY not in item(text)
    assert CANARY in secrets(text)


def test_a_password_is_one_however_short_it_is() -> None:
    assert has_password("ADD https://u:pw@h/x /x")
    assert has_password("https://u:p/w@h/x")
    for text in ("git+ssh://git@h/x", "https://u:${PW}@h/x", "https://h:443/x@y", "u:pw@h"):
        assert not has_password(text)


WORD = st.text(string.ascii_letters + string.digits + "-._~%+", max_size=12)
SCHEME = st.sampled_from(["https://", "http://", "git+https://", "git+http://", "name @ https://"])


@settings(deadline=None)  # a busy machine is no failure
@given(SCHEME, WORD, WORD, WORD, st.sampled_from(["", ":"]))
def test_no_url_keeps_its_userinfo(scheme: str, a: str, b: str, host: str, colon: str) -> None:
    url = f"{scheme}{a}{colon}{CANARY}{b}@{host}h.example/path"
    for text in (url, f"error: Failed to fetch: `{url}` (try again)", f"x\n{url}\ny"):
        assert CANARY not in Redactor([url])(text)
        assert CANARY not in Redactor()(text)


@settings(deadline=None)  # a busy machine is no failure
@given(SCHEME, WORD, WORD, st.sampled_from(["", "#sha256=00", "#egg=x", " ; python_version>'3'"]))
def test_no_url_keeps_its_query(scheme: str, key: str, value: str, rest: str) -> None:
    url = f"{scheme}h.example/p/x.whl?{key}={CANARY}{value}&b=c{rest}"
    assert CANARY not in Redactor()(f"error: for url ({url})")


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(max_size=200))
def test_redacting_is_total_and_keeps_lines(text: str) -> None:
    assert Redactor([text])(text).count("\n") == text.count("\n")

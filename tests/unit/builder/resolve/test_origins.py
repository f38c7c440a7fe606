"""What is written down of addresses: nothing that is secret in them."""

import pytest

from falapp_builder.resolve.lock import File, Package
from falapp_builder.resolve.origins import Origins, bare
from falapp_requirements import tokens, variables

VALUES = {
    "TOKEN": "CANARYtoken",
    "URL": "https://h/CANARYpath/x.whl?sig=CANARYsig",
    "Q": "k=CANARY",
}


def origins(*written: str) -> Origins:
    return Origins(variables.expanded(tokens.parse(written), VALUES), VALUES)


def direct(url: str, name: str = "x") -> Package:
    if url.startswith("git+"):
        return Package(name=name, repository=url[4:], commit="3f", direct=True)
    return Package(name=name, files=(File(url=url),), direct=True)


CASES = {
    "git with a token": (
        "x @ git+https://${TOKEN}@h/a/x.git@v1#subdirectory=py",
        "git+https://CANARYtoken@h/a/x.git",
        ("https://${TOKEN}@h/a/x.git", "git+https://h/a/x.git@v1"),
    ),
    "a password": (
        "x @ https://u:${TOKEN}@h/x.whl#sha256=" + "0" * 64,
        "https://u:CANARYtoken@h/x.whl",
        ("https://u:${TOKEN}@h/x.whl", "https://h/x.whl"),
    ),
    "a token in the path": (
        "x @ https://h/${TOKEN}/x.whl",
        "https://h/CANARYtoken/x.whl",
        ("https://h/${TOKEN}/x.whl", "https://h/${TOKEN}/x.whl"),
    ),
    "a whole URL": ("x @ ${URL}", VALUES["URL"], ("${URL}", "${URL}")),
    "a query": (
        "x @ https://h/x.whl?v=1&${Q}",
        "https://h/x.whl?v=1&k=CANARY",
        ("https://h/x.whl?v=1&${Q}", "https://h/x.whl?v=1"),
    ),
    "no name": (
        "git+https://${TOKEN}@h/x.git",
        "git+https://CANARYtoken@h/x.git",
        ("https://${TOKEN}@h/x.git", "git+https://h/x.git"),
    ),
    "nothing secret": (
        "x@https://h/x.zip?v=1",
        "https://h/x.zip?v=1",
        ("https://h/x.zip?v=1",) * 2,
    ),
    "literal credentials": (
        "x @ https://u:CANARYpw@h/x.whl?v=1&sig=CANARYsig",
        "https://u:CANARYpw@h/x.whl?v=1&sig=CANARYsig",
        ("https://h/x.whl?v=1", "https://h/x.whl?v=1"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_user_wrote(case: str) -> None:
    written, url, expected = CASES[case]
    known, package = origins("other @ https://h/other.whl", written), direct(url)
    asked = known.asked(package)
    assert asked is not None
    assert asked.written == written
    source = package.repository or package.files[0].url
    assert (known.download(source, asked), known.shown(source, asked)) == expected
    assert known.secret(package, asked) == ("${" in written)


def test_what_a_package_asks_for() -> None:
    package = direct("git+https://CANARYuser:CANARYtoken@h/y.git", "y")
    known = origins("x")
    assert known.asked(package) is None
    assert known.download(package.repository, None) == "https://h/y.git"
    assert known.secret(package, None), "the token is one of ours"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://u:CANARYpw@h/x.whl#sha256=00", "https://h/x.whl"),
        ("https://h/x.whl?v=1&X-Amz-Signature=CANARY&X-Amz-Date=1", "https://h/x.whl?v=1"),
        ("https://h/CANARYtoken/x.whl", "https://h/${TOKEN}/x.whl"),
    ],
)
def test_links_of_an_index(url: str, link: str) -> None:
    assert origins("x").link(url) == link


SECRET, OPEN = "https://u:${TOKEN}@h/simple/", "https://open/simple"


@pytest.mark.parametrize(
    ("page", "secret"),
    [
        ("https://h/simple/", True),
        ("https://h/simple/x/", True),
        ("https://open/simple/x/", False),
        ("", True),
    ],
)
def test_a_package_of_a_secret_index(page: str, secret: bool) -> None:
    package = Package(name="x", files=(File(url="https://files/x.whl"),), page=page)
    known = origins("--index-url", OPEN, "--extra-index-url", SECRET, "x")
    assert known.secret(package, None) is secret
    assert not origins("--index-url", OPEN, "x").secret(package, None)


def test_bare() -> None:
    assert bare("git+https://u:p@H/a@b/x.git@v1#egg=x") == "https://h/a@b/x.git"
    assert bare("https://h/simple/?a=b") == "https://h/simple"

import pytest
from hypothesis import given, settings

from falapp_requirements import tokens
from falapp_requirements.errors import RequirementError
from falapp_requirements.options import Option
from falapp_requirements.tokens import Requirement
from tests.unit.requirements import corpus, strategies

DIGEST = "0123456789abcdef" * 4
HASH = f"sha256:{DIGEST}"


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("requests", "requests"),
        ("Flash_Attn==2.7.4", "flash-attn"),
        ("torch==2.6.0+cu124", "torch"),
        ("uvicorn[standard,extra] >=0.30, <1", "uvicorn"),
        ('numpy<2; python_version < "3.12"', "numpy"),
        ("zope.interface~=7.0", "zope-interface"),
        ("name (>=1.0)", "name"),
        ("  spaced  ", "spaced"),
        ("\ttabs\t>=1\n", "tabs"),
    ],
)
def test_of_an_index(token: str, name: str) -> None:
    (found,) = tokens.parse([token]).requirements
    written = token.strip().replace("\t", " ")
    assert found == Requirement(written=written, name=name, line=written)


@pytest.mark.parametrize(
    ("token", "name", "url"),
    [
        ("pkg @ https://h.example/pkg-1-py3-none-any.whl", "pkg", 6),
        ("pkg@https://h.example/pkg-1-py3-none-any.whl?X-Amz-Signature=abc", "pkg", 4),
        ("pkg[a,b]@git+https://TOKEN@h.example/p.git@main", "pkg", 9),
        ("git+https://h.example/o/p.git@3f1c2ab#subdirectory=python", "", 0),
        ("git+https://h.example/o/p.git#egg=My_Package", "my-package", 0),
        ("git+https://h.example/p.git#subdirectory=a&egg=My_Package", "my-package", 0),
        ("https://h.example/flash_attn-2.7.4+cu124-cp311-cp311-linux_x86_64.whl", "flash-attn", 0),
        ("https://h.example/flash_attn-2.7.4%2Bcu124-cp311-cp311-any.whl?a=b#c", "flash-attn", 0),
        ("http://h.example/x.tar.gz", "", 0),
        ("http://[::1]:80/x.tar.gz", "", 0),
        ("pkg @ ${WHEEL_URL}", "pkg", 6),
        ("pkg @ git+${REPOSITORY}@v1", "pkg", 6),
        ("pkg @ https://${HOST}:${PORT}/${PATH}", "pkg", 6),
    ],
)
def test_of_an_address(token: str, name: str, url: int) -> None:
    (found,) = tokens.parse([token]).requirements
    assert (found.written, found.name, found.url) == (token, name, token[url:])
    assert found.hashes == ()


@pytest.mark.parametrize("between", [" ; ", "; ", " ;", "  ;  "])
def test_a_marker_behind_an_address_is_written_so_that_all_installers_read_it(between: str) -> None:
    written = f"pkg@https://h.example/p.zip{between}os_name == 'posix'"
    (found,) = tokens.parse([written]).requirements
    assert found.url == "https://h.example/p.zip"
    assert found.line == "pkg @ https://h.example/p.zip ; os_name == 'posix'"
    assert found.written == written


@pytest.mark.parametrize(
    "written",
    [
        [f"a==1 --hash={HASH}"],
        [f"a==1   --hash  {HASH.replace('abc', 'ABC')}"],
        ["a==1", f"--hash={HASH}"],
        ["a==1", "--hash", HASH],
        ["a==1", f"--hash {HASH}", f"--hash={HASH}"],
    ],
)
def test_hashes(written: list[str]) -> None:
    found = tokens.parse([*written, "b"])
    assert found.requirements[0] == Requirement(
        written="a==1", name="a", hashes=(HASH,), line="a==1"
    )
    assert found.requirements[1].hashes == ()
    assert found.text == "a==1\nb\n", "pip would want hashes of everything"


@pytest.mark.parametrize("body", ["a===1", "a (== 1)", "a[b] == 1 ; os_name>'a'", "a @ ${URL}"])
def test_what_may_have_a_hash(body: str) -> None:
    other = f"sha256:{'0' * 64}"
    (found,) = tokens.parse([f"{body} --hash={HASH} --hash={other}"]).requirements
    assert (found.written, found.hashes) == (body, (HASH, other))


def test_the_hash_of_an_address() -> None:
    written = f"a @ https://h/a.zip#egg=a&sha256={DIGEST.upper()}"
    (found,) = tokens.parse([written, f"--hash=sha256:{'0' * 64}", f"--hash={HASH}"]).requirements
    assert found.hashes == (HASH, f"sha256:{'0' * 64}")
    assert tokens.render(tokens.parse([written, f"--hash={HASH}"])) == (written,)


@pytest.mark.parametrize(
    ("token", "part"),
    [
        ("./package", "is a path"),
        (".", "is a path"),
        (".[extra]", "is a path"),
        ("../x", "is a path"),
        ("/etc/passwd", "is a path"),
        ("~/x", "is a path"),
        ("folder/package", "is a path"),
        ("C:\\package", "is a path"),
        ("pkg-1.0-py3-none-any.whl", "is a path"),
        ("pkg.tar.gz", "is a path"),
        ("pkg.tar.gz[extra]", "is a path"),
        ("pkg.zip ; os_name == 'posix'", "is a path"),
        ("pkg===1.zip", "is a path"),
        ("pkg===1/../../x", "is a path"),
        ("file:///etc/passwd", "is a path"),
        ("FILE:x.whl", "is a path"),
        ("x @ file:///etc/x.whl", "is a path"),
        ("x @ ../x", "is a path"),
        ("x @ x", "is a path"),
        ("git+file:///repo", "is a path"),
        ("git+ssh://git@h.example/x.git", "needs an SSH key"),
        ("git@h.example:o/x.git", "cannot read; give https://"),
        ("x @ hg+https://h.example/x", "cannot read"),
        ("ftp://h.example/x.whl", "cannot read"),
        ("https:h.example/x.whl", "cannot read"),
        ("git+https:/TOKENTOKEN@h.example/x", "cannot read"),
        ("https:///x.whl", "has no host or port"),
        ("https://h:port/x.whl", "has no host or port"),
        ("https://u:pass/word@h/x.whl", "with / ? # @ in a password as %2F"),
        ("https://[::1/x.whl", "has no host or port"),
        ("a @ https://[::1]/", "names a host and no file on it"),
        ("git+https://h.example", "names a host and no file on it"),
        ("a @ https://h/a[b]", "holds [ in its URL, which means something else there"),
        ("https://h/a'b", "holds ' in its URL, which means something else there; write it as %27"),
        ("https://h/a;b", "write it as %3B, and a marker behind a space and a semicolon"),
        ("git+https://h/x@", "names no revision"),
        ("git+https://h/x@--upload-pack=id", "names no revision"),
        ("git+https://h/x#subdirectory=a/../../b", "leaves its repository"),
        ("git+https://h/x#subdirectory=a/%2e%2e/b", "leaves its repository"),
        ("git+https://h/x#subdirectory=/b", "leaves its repository"),
        ("git+https://h/x#egg=a[b]", "write name[extra] @ before the URL"),
        ("https://h/x?a=b&egg=../x", "no package's name"),
        (f"git+https://h/x#sha256={DIGEST}", "git has none; give the commit"),
        (f"git+https://h/x --hash={HASH}", "git has none; give the commit"),
        ("https://h/x.zip#sha256=00", "has a hash of the wrong length"),
        ("https://h/x.zip#md5=00", "has a hash that is not SHA-256"),
        (f"a --hash={HASH}", "pin it, as name==1.2.3"),
        (f"a>=1 --hash={HASH}", "pin it, as name==1.2.3"),
        (f"a==1,<2 --hash={HASH}", "pin it, as name==1.2.3"),
        (f"a==1.* --hash={HASH}", "pin it, as name==1.2.3"),
        ("requests==1 --hash=sha256:00", "is not a SHA-256 hash"),
        (f"requests==1 --hash=sha512:{DIGEST}{DIGEST}", "is not a SHA-256 hash"),
        (f"requests==1 --hash={HASH} --pre", "holds an option"),
        (f"requests==1 --pre --hash={HASH}", "holds an option"),
        ("foo bar", "not a requirement that pip accepts"),
        ("==1.0", "not a requirement that pip accepts"),
        ("requests[socks", "not a requirement that pip accepts"),
        ("requests==1 --pre", "holds an option; options are items of their own"),
        ("https://h.example/x.whl -r /etc/passwd", "holds an option"),
        ("x @ https://h.example/x.whl --find-links /etc", "holds an option"),
        ("x @ https://h.example/x.whl ; os_name == 'a' -r /etc", "holds an option"),
        ("x @ https://h.example/a b", "write it as %20"),
        ("", "is empty"),
        ("   ", "is empty"),
        ("# requests", "comment"),
        ("requests # pinned", "comment"),
        ("requests==2\\", "backslash"),
        ("requests\nevil", "cannot be seen (U+000A)"),
        ("requests\r-r/etc/passwd", "cannot be seen (U+000D)"),
        ("requests\x00", "cannot be seen (U+0000)"),
        ("requests\u2028", "cannot be seen (U+2028)"),
        ("requests\x0b-r x", "cannot be seen (U+000B)"),
        ("a\u00a0b", "cannot be seen (U+00A0)"),
        ("git+https://${token}@h.example/x.git", "has a ${ that begins no variable"),
        ("git+https://${TOKEN:-x}@h.example/x.git", "has a ${ that begins no variable"),
        ("${PACKAGE}", "write its name before it, as name @ ${PACKAGE}"),
        ("git+${REPOSITORY}", "write its name before it, as name @ git+${REPOSITORY}"),
        ("torch==${VERSION}", "has ${…} outside of a URL"),
        ("torch ; os_name == '${NAME}'", "has ${…} outside of a URL"),
        ("x @ https://h/x ; os_name == '${NAME}'", "has ${…} outside of a URL"),
    ],
)
def test_refused(token: str, part: str) -> None:
    with pytest.raises(RequirementError) as caught:
        tokens.parse(["click", token])
    assert part in str(caught.value)
    assert caught.value.why
    assert caught.value.way_out


@pytest.mark.parametrize(
    "token",
    [
        "ftp://user:CANARYCANARY@h.example/x?sig=abcdefgh",
        "https://u:p'CANARYCANARY@h/x",
        'https://u:p"x`CANARYCANARY@h/x',
        "https://u:a b CANARYCANARY@h/x",
        "https://u:x/CANARYCANARY@h/x",
        "https://u:x#CANARYCANARY@h/x",
        "https://CANARYCANARY\n@h/x",
        "https://h/x?token='CANARYCANARY",
        "https://h/x?a=b CANARYCANARY",
        "x @ file://u:CANARYCANARY@h/x",
        "--index-url 'https://u:CANARYCANARY@h/'",
        "--proxy=https://u:CANARYCANARY@h/",
        "x=@https://CANARYCANARY@h",
    ],
)
def test_a_refusal_hides_credentials(token: str) -> None:
    with pytest.raises(RequirementError) as caught:
        tokens.parse([token])
    assert "CANARY" not in str(caught.value)


def test_a_refusal_is_short() -> None:
    with pytest.raises(RequirementError) as caught:
        tokens.parse(["ftp://h.example/" + "x" * 5000])
    assert len(str(caught.value)) < 500


def test_the_order_is_kept() -> None:
    written = ["b", "--pre", "a==1", "--extra-index-url", "https://h.example", "c"]
    found = tokens.parse(written)
    assert found.text == "b\na==1\nc\n"
    assert found.items[1] == Option(name="--pre")
    url = "https://h.example"
    assert found.items[3] == Option(name="--extra-index-url", value=url, text=url)
    assert tokens.render(found) == ("b", "--pre", "a==1", f"--extra-index-url={url}", "c")


def test_isolation() -> None:
    assert tokens.parse(["a"]).isolated
    assert not tokens.parse(["a", "--no-build-isolation"]).isolated


def test_positions_are_those_of_the_file() -> None:
    found = tokens.parse(["click", "a@https://h.example/é.whl; os_name>'a'", "bad"])
    text = found.text.encode()
    assert found.at(text.index(b"bad")) == found.requirements[2]
    assert found.at(text.index(b"bad") - 1) == found.requirements[1]
    assert found.at(0) == found.requirements[0]
    assert found.at(len(text)) is None


def test_positions_leave_out_the_hashes_of_urls() -> None:
    digest = f"sha256={'a' * 64}"
    urls = [f"a @ https://h/a.zip#{digest}", f"b @ https://h/b.zip#{digest}&subdirectory=x"]
    found = tokens.parse([*urls, "bad"])
    assert found.unhashed == "a @ https://h/a.zip#\nb @ https://h/b.zip#subdirectory=x\nbad\n"
    assert found.at(found.unhashed.index("bad")) == found.requirements[2]
    assert found.at(found.unhashed.index("bad") - 1) == found.requirements[1]


@pytest.mark.parametrize("case", corpus.ACCEPTED, ids=lambda case: case.name)
def test_what_is_rendered_means_the_same(case: corpus.Case) -> None:
    found = tokens.parse(case.items)
    assert tokens.parse(tokens.render(found)) == found


@settings(deadline=None)  # a busy machine is no failure
@given(strategies.ITEMS)
def test_whatever_is_accepted_is_rendered_and_read_again(items: list[str]) -> None:
    try:
        found = tokens.parse(items)
    except RequirementError as error:
        refusal = str(error)
        found = tokens.Arguments()
    else:
        refusal = ""
    assert refusal.isprintable()
    assert tokens.parse(tokens.render(found)) == found
    lines = found.text.splitlines()
    assert lines == [r.line for r in found.requirements], "each is one line"
    assert not any(line.startswith(("-", "#", "/", ".")) or line.endswith("\\") for line in lines)
    assert not any(" -" in line or " #" in line or "file:" in line.lower() for line in lines)


@settings(deadline=None)  # a busy machine is no failure
@given(strategies.ODD, strategies.ITEMS)
def test_nothing_odd_gets_past(odd: str, items: list[str]) -> None:
    """Into each accepted item something odd is put: it is refused, or it stays inside its line."""
    for item in items:
        for where in (0, len(item) // 2, len(item)):
            try:
                found = tokens.parse([item[:where] + odd + item[where:]])
            except RequirementError:
                continue
            assert len(found.items) == 1
            assert found.text.count("\n") == len(found.requirements)
            assert "\0" not in found.text
            assert not any(set(r.url) & set("\"'`<>\\^|") for r in found.requirements)

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from falapp_requirements import tokens
from falapp_requirements.errors import RequirementError


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
        ("pkg @ https://h.example/pkg-1-py3-none-any.whl", "pkg"),
        ("pkg@https://h.example/pkg-1-py3-none-any.whl?X-Amz-Signature=abc#sha256=00", "pkg"),
        ("pkg[a,b]@git+https://TOKEN@h.example/p.git@main", "pkg"),
        ('pkg @ https://h.example/p.zip ; sys_platform == "linux"', "pkg"),
        ("git+https://h.example/o/p.git@3f1c2ab#subdirectory=python", ""),
        ("git+https://h.example/o/p.git#egg=My_Package", "my-package"),
        ("https://h.example/flash_attn-2.7.4+cu124-cp311-cp311-linux_x86_64.whl", "flash-attn"),
        ("http://h.example/x.tar.gz", ""),
    ],
)
def test_requirements(token: str, name: str) -> None:
    (found,) = tokens.parse([token]).requirements
    assert found == tokens.Requirement(written=token.strip(), name=name)


@pytest.mark.parametrize(
    ("token", "part"),
    [
        ("./package", "is a path"),
        ("../x", "is a path"),
        ("/etc/passwd", "is a path"),
        ("~/x", "is a path"),
        ("folder/package", "is a path"),
        ("C:\\package", "is a path"),
        ("pkg-1.0-py3-none-any.whl", "is a path"),
        ("pkg.tar.gz", "is a path"),
        ("file:///etc/passwd", "is a path"),
        ("FILE:x.whl", "is a path"),
        ("x @ file:///etc/x.whl", "is a path"),
        ("x @ ../x", "is a path"),
        ("x @ x", "is a path"),
        ("git+file:///repo", "is a path"),
        ("git+ssh://git@h.example/x.git", "needs an SSH key"),
        ("x @ hg+https://h.example/x", "cannot read"),
        ("ftp://h.example/x.whl", "cannot read"),
        ("https:h.example/x.whl", "cannot read"),
        ("git+https:/TOKENTOKEN@h.example/x", "cannot read"),
        ("foo bar", "not a requirement that pip accepts"),
        ("==1.0", "not a requirement that pip accepts"),
        ("requests[socks", "not a requirement that pip accepts"),
        ("requests==1 --hash=sha256:00", "holds an option"),
        ("https://h.example/x.whl -r /etc/passwd", "space in its URL"),
        ("x @ https://h.example/x.whl --find-links /etc", "space in its URL"),
        ("", "is empty"),
        ("   ", "is empty"),
        ("# requests", "comment"),
        ("requests # pinned", "comment"),
        ("requests==2\\", "backslash"),
        ("requests\nevil", "cannot be seen (U+000A)"),
        ("requests\r-r/etc/passwd", "cannot be seen (U+000D)"),
        ("requests\x00", "cannot be seen (U+0000)"),
        ("requests\u2028", "cannot be seen (U+2028)"),
        ("a\u00a0b", "cannot be seen (U+00A0)"),
        ("git+https://${TOKEN}@h.example/x.git", "a build knows no variables yet"),
    ],
)
def test_refused(token: str, part: str) -> None:
    with pytest.raises(RequirementError) as caught:
        tokens.parse(["click", token])
    assert part in str(caught.value)
    assert "; " in str(caught.value), "the way out"


def test_the_refusal_hides_credentials_and_cuts_what_is_long() -> None:
    with pytest.raises(RequirementError) as caught:
        tokens.parse(["ftp://user:hunter2222@h.example/" + "x" * 5000 + "?sig=abcdefgh"])
    assert "hunter2222" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_the_order_is_kept() -> None:
    written = ["b", "--pre", "a==1", "--extra-index-url", "https://h.example", "c"]
    assert tokens.parse(written).text == "b\na==1\nc\n"


def test_positions_are_those_of_the_file() -> None:
    found = tokens.parse(["click", "a @ https://h.example/é.whl", "bad"])
    text = found.text.encode()
    assert found.at(text.index(b"bad")) == found.requirements[2]
    assert found.at(0) == found.requirements[0]
    assert found.at(len(text)) is None


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.text(max_size=40), max_size=4))
def test_whatever_comes_every_requirement_is_one_line(written: list[str]) -> None:
    try:
        found = tokens.parse(written)
    except RequirementError as failure:
        refusal = failure
        found = tokens.Arguments()
    else:
        refusal = None
    assert refusal is None or str(refusal).isprintable()
    lines = found.text.splitlines()
    assert lines == [r.written for r in found.requirements]
    assert not any(line.startswith(("-", "#", "/", ".")) or line.endswith("\\") for line in lines)


_PIECES = st.sampled_from(
    ["a", "@", " ", "https://", "file:", "git+", "/", "..", "-r", "#", ";", "=", "[", "x.whl", "${"]
)


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(_PIECES, max_size=8).map("".join))
def test_nothing_made_of_suspicious_pieces_reaches_a_file(token: str) -> None:
    try:
        (found,) = tokens.parse([token]).requirements
    except (RequirementError, ValueError):
        return
    rest = found.written.removeprefix("git+")
    assert "file:" not in rest.split("//")[0]
    assert " -" not in rest
    assert "${" not in rest
    assert not rest.startswith((".", "/", "-"))

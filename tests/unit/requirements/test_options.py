import pytest

from falapp_requirements import tokens
from falapp_requirements.errors import RequirementError
from falapp_requirements.options import Options

URL = "https://user:pw@h.example/simple/?a=b"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["--extra-index-url", URL], Options(extra_index_urls=(URL,))),
        ([f"--extra-index-url {URL}"], Options(extra_index_urls=(URL,))),
        ([f"--extra-index-url={URL}"], Options(extra_index_urls=(URL,))),
        (["--index-url", "https://a", "-i", "https://b"], Options(index_url="https://b")),
        (["-ihttps://b"], Options(index_url="https://b")),
        (["-i https://b"], Options(index_url="https://b")),
        (["-f", "https://b"], Options(find_links=("https://b",))),
        (["--find-links=https://b"], Options(find_links=("https://b",))),
        (["--pre"], Options(prerelease=True)),
        (["--no-binary", "a,B_c"], Options(no_binary=("a", "B_c"))),
        (["--only-binary=:all:", "--only-binary :none:"], Options(only_binary=(":all:", ":none:"))),
    ],
)
def test_accepted(written: list[str], expected: Options) -> None:
    found = tokens.parse([*written, "click"])
    assert found.options == expected
    assert [r.written for r in found.requirements] == ["click"]


@pytest.mark.parametrize(
    ("written", "part"),
    [
        (["-r", "requirements.txt"], "list its lines as items"),
        (["-rrequirements.txt"], "list its lines as items"),
        (["--requirement=x"], "list its lines as items"),
        (["-c", "x"], "list the versions as requirements"),
        (["-e", "git+https://h.example/x"], "without -e"),
        (["--editable=."], "without -e"),
        (["--trusted-host", "x"], "CA bundle"),
        (["--no-build-isolation"], "not supported yet"),
        (["--target=/"], "install elsewhere"),
        (["-U"], "made anew"),
        (["--hash=sha256:00"], "from a lock"),
        (["--config-settings", "a=b"], "does not accept; it accepts --index-url"),
        (["--extra-index", "https://x"], "does not accept"),
        (["-"], "does not accept"),
        (["--"], "does not accept"),
        (["--pre=x"], "takes no value"),
        (["--index-url"], "lacks its value; give it, as --index-url=https://…"),
        (["--no-binary"], "lacks its value; give it, as --no-binary=:all:"),
        (["--index-url", ""], "is empty"),
        (["--index-url", "/etc"], "does not name a web address"),
        (["--find-links", "file:///etc"], "does not name a web address"),
        (["--find-links", "https://"], "does not name a web address"),
        (["--index-url", "https://a --find-links /etc"], "does not name a web address"),
        (["--extra-index-url", "https://${A}@h.example"], "no variables"),
        (["--index-url", "https://a\n-r/etc/passwd"], "cannot be seen"),
        (["--no-binary", "a b"], "does not name packages"),
        (["--only-binary", "a,,b"], "does not name packages"),
    ],
)
def test_refused(written: list[str], part: str) -> None:
    with pytest.raises(RequirementError) as caught:
        tokens.parse([*written, "click"] if len(written) > 1 else written)
    assert part in str(caught.value)


def test_credentials_reach_uv_by_its_environment_only() -> None:
    written = ["-i", URL, "--extra-index-url", URL, "-f", "https://u:p@h.example/a,b", "--pre"]
    found = tokens.parse([*written, "--no-binary=a,b", "--only-binary", "c"]).options
    assert found.arguments == ["--no-binary=a", "--no-binary=b", "--only-binary=c"]
    assert found.variables == {
        "UV_INDEX_URL": URL,
        "UV_EXTRA_INDEX_URL": URL,
        "UV_FIND_LINKS": "https://u:p@h.example/a%2Cb",
        "UV_PRERELEASE": "allow",
    }


def test_nothing_asked_for_leaves_uv_as_it_is() -> None:
    assert Options().variables == {}
    assert Options().arguments == []

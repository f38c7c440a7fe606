import pytest
from pip._internal.commands import create_command

from falapp_requirements import options, tokens
from falapp_requirements.errors import RequirementError
from falapp_requirements.options import Options
from falapp_requirements.refusals import REASONS

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
        (["--no-build-isolation"], Options(isolated=False)),
        (["-i", "${INDEX}"], Options(index_url="${INDEX}")),
        (
            ["-f", "https://${U}:${PW}@h:${PORT}/"],
            Options(find_links=("https://${U}:${PW}@h:${PORT}/",)),
        ),
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
        (["-c", "x"], "as requirements of their own, as urllib3<2"),
        (["--constraint=https://h.example/c.txt"], "as requirements of their own"),
        (["-e", "git+https://h.example/x"], "without -e"),
        (["--editable=."], "without -e"),
        (["--trusted-host", "x"], "CA bundle"),
        (["--no-build-isolation=x"], "takes no value"),
        (["--pre --no-binary=a"], "takes no value; write --pre alone"),
        (["--no-deps"], "a lock is whole"),
        (["--global-option=--x"], "changes how packages are built"),
        (["--install-option", "x"], "changes how packages are built"),
        (["-C", "a=b"], "give the URL of a wheel that was built so"),
        (["--config-settings", "a=b"], "give the URL of a wheel that was built so"),
        (["--index=https://h"], "is uv's word; write --extra-index-url=https://…"),
        (["--proxy=http://h"], "--index-url; the chart's customCA"),
        (["--python-version", "3.11"], "set pythonVersion"),
        (["--prefer-binary"], "write --only-binary=:all:"),
        (["--target=/"], "install elsewhere"),
        (["-U"], "made anew"),
        (["--require-hashes"], "from a lock"),
        (["--hash=sha256:00"], "is not a SHA-256 hash"),
        ([f"--hash=sha256:{'0' * 64}"], "belongs to no requirement"),
        (["a==1", "--pre", f"--hash=sha256:{'0' * 64}"], "belongs to no requirement"),
        (["a==1", "--hash"], "lacks its value; give it, as --hash=sha256:…"),
        (["--surprise", "a=b"], "does not accept; it accepts --index-url"),
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
        (["--extra-index-url", "https://${a}@h.example"], "begins no variable"),
        (["--no-binary=${A}"], "variables stand in URLs only"),
        (["--index-url=git+${A}"], "does not name a web address"),
        (["--index-url=https://h:port/"], "no host or port"),
        (["--index-url=https://u:p/w@h/"], "with / ? # @ in a password as %2F"),
        (["--index-url", '"https://h/"'], "does not name a web address"),
        (["--index-url=https://h/`id`"], "write it as %60"),
        (["--index-url=https://a --extra-index-url=https://b"], "write one option an item"),
        (["--index-url", "https://a\n-r/etc/passwd"], "cannot be seen"),
        (["--no-binary", "a b"], "does not name packages"),
        (["--only-binary", "a,,b"], "does not name packages"),
    ],
)
def test_refused(written: list[str], part: str) -> None:
    with pytest.raises(RequirementError) as caught:
        tokens.parse(written)
    assert part in str(caught.value)
    assert caught.value.why in str(caught.value)
    assert str(caught.value).endswith(f"; {caught.value.way_out}")


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


def test_every_option_is_accepted_or_refused_for_a_reason() -> None:
    """pip's own list: a new version of pip that has more asks for a decision."""
    parser = create_command("install").parser
    known = {name for option in parser.option_list_all for name in option._short_opts}
    known |= {name for option in parser.option_list_all for name in option._long_opts}
    assert known - set(options.ACCEPTED) - set(REASONS) - {"-i", "-f", "--pypi-url"} == set()
    assert not set(options.ACCEPTED) & set(REASONS)


@pytest.mark.parametrize("name", sorted(REASONS))
def test_what_is_refused_never_takes_a_package_along(name: str) -> None:
    with pytest.raises(RequirementError) as caught:
        tokens.parse(["click", name, "value"])
    assert str(caught.value) == f"requirement `{name}` {'; '.join(REASONS[name])}"


def test_options_are_global() -> None:
    before = tokens.parse(["--extra-index-url", URL, "--pre", "click"])
    after = tokens.parse(["click", "--extra-index-url", URL, "--pre"])
    assert before.options == after.options
    assert before.text == after.text
    assert before.items != after.items

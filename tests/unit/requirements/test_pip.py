"""What we accept, pip and `packaging` do; what they accept and we do not is listed.

pip is asked in both of its languages: the arguments of ``pip install`` and a requirements file.
"""

import logging
import os
import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Parsed
from packaging.utils import canonicalize_name
from pip._internal.commands import create_command
from pip._internal.exceptions import PipError
from pip._internal.req import InstallRequirement, req_file
from pip._internal.req.constructors import install_req_from_line

from falapp_operator.environment import requirements
from falapp_requirements import tokens, variables
from falapp_requirements.errors import RequirementError
from tests.unit.requirements import corpus, strategies

KNOWN = {
    "is a path": "a build sees no file of the user's",
    "at an address that a build cannot read": "ftp, hg, svn, bzr: no base image has their clients",
    "needs an SSH key": "a build has none",
    "has no host or port": "pip fails when it connects, and may ask a wrong host with the password",
    "in its URL, which means something else there": "pip and uv read it differently",
    "holds a space in its URL": "pip cuts at any semicolon, uv at one with a space before it",
    "cannot be seen": "one item is one line",
    "is not the name of a wheel": "pip fails later",
    "gives a wheel of": "pip fails later",
    "leaves its repository": "pip would build a folder of the build's own file system",
    "names no revision": "git would read it as an option",
    "has a hash": "a lock knows SHA-256 only; a hash of several versions cannot be kept by pip",
    "names a host and no file on it": "pip takes the page for an archive",
    "holds a comment": "pip drops it in a file, and takes it for a name in an argument",
    "ends with a backslash": "pip joins it with the next line",
    "(Expected a marker variable or quoted string)": "pip forgives a lone semicolon at the end",
    "begins no variable": "pip leaves it, and means it literally",
    "outside of a URL": "variables are for credentials: anywhere else the key would not see them",
    "does not say which package it is": "nothing of it would be known before the build",
    "no package's name": "pip ignores it in some addresses",
}
"""Why we refuse what pip accepts."""

SETTINGS = settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
_REFUSALS = (PipError, req_file.OptionParsingError, ValueError, AssertionError)
_LINE = req_file.get_line_parser(None)


@pytest.fixture(autouse=True, scope="module")
def _plain_pip() -> Iterator[None]:
    """Without the settings of whoever runs the tests, and without warnings of wheels' names."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            patch.delenv(name)
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        logging.disable(logging.WARNING)
        yield
        logging.disable(logging.NOTSET)


def is_known(item: str, why: str) -> bool:
    if why == "is not a requirement that pip accepts":
        return re.match(r"\s*[\w.-]*_\W", f"{item} ") is not None  # pip lets a_ pass as a name
    return not why or any(part in why for part in KNOWN)


def pip_reads(text: str) -> list[InstallRequirement]:
    """Return what pip makes of a requirements file, or raise what it says."""
    found = []
    for _, line in req_file.preprocess(text):
        arguments, given_options = _LINE(line)
        assert arguments, f"a line of options: {line}"
        assert not given_options.requirements
        found.append(install_req_from_line(arguments, hash_options=given_options.hashes))
    return found


def same(ours: tokens.Requirement, theirs: InstallRequirement) -> None:
    """Assert that pip understood what we did."""
    if theirs.req is not None:
        assert canonicalize_name(theirs.req.name) == ours.name
    assert (theirs.link is not None) == bool(ours.url)
    if theirs.link is not None:
        assert "${" in ours.url or theirs.link.url.lower().startswith(ours.url.lower()[:12])
        assert not theirs.link.is_file
        digests = {f"sha256:{d}" for d in theirs.hashes()._allowed.get("sha256", ())}
        assert digests == set(ours.hashes)
    assert not theirs.editable


@SETTINGS
@given(strategies.REQUIREMENTS)
def test_what_we_accept_pip_accepts_and_understands_alike(item: str) -> None:
    try:
        (spelled,) = requirements.canonical([[item]])[0]
        written = tokens.parse([item])
    except RequirementError:
        return
    values = dict.fromkeys(variables.names([spelled]), "value")
    canonical = variables.expanded(tokens.parse([spelled]), values)
    for ours in (written, canonical):
        (theirs,) = pip_reads(ours.text)
        same(ours.requirements[0], theirs)
    one, other = (pip_reads(ours.text)[0] for ours in (written, canonical))
    assert str(one.markers) == str(other.markers)
    assert {canonicalize_name(e) for e in one.extras} == {
        canonicalize_name(e) for e in other.extras
    }
    if one.req is not None and other.req is not None:
        assert one.req.specifier == other.req.specifier


@SETTINGS
@given(strategies.REQUIREMENTS)
def test_what_pip_accepts_and_we_do_not_is_known(item: str) -> None:
    try:
        theirs = pip_reads(item)
    except _REFUSALS:
        return
    if len(theirs) != 1:
        return
    try:
        requirements.canonical([[item]])
    except RequirementError as refusal:
        why = refusal.why
    else:
        why = ""
    assert is_known(item, why), (item, why)


@SETTINGS
@given(strategies.NAMED)
def test_what_packaging_accepts_we_do(item: str) -> None:
    try:
        theirs = Parsed(item)
    except InvalidRequirement:
        return
    try:
        (found,) = tokens.parse(requirements.canonical([[item]])[0]).requirements
    except RequirementError as refusal:
        why = refusal.why
    else:
        why = ""
        ours = Parsed(found.written)
        assert ours.specifier == theirs.specifier
        assert str(ours.marker) == str(theirs.marker)
        assert found.name == canonicalize_name(theirs.name)
    assert is_known(item, why), (item, why)


@SETTINGS
@given(strategies.NAMED)
def test_what_packaging_refuses_the_key_refuses(item: str) -> None:
    try:
        requirements.canonical([[item]])
    except RequirementError:
        return
    assert item.strip().startswith("-") or Parsed(item.strip().replace("\t", " "))


@pytest.mark.parametrize("case", corpus.ACCEPTED, ids=lambda case: case.name)
def test_pip_install_accepts_the_corpus(case: corpus.Case) -> None:
    ours = variables.expanded(tokens.parse(case.items), case.values)
    for mine, theirs in zip(ours.requirements, pip_reads(ours.text), strict=True):
        same(mine, theirs)
    arguments = [f"{o.name}={o.text}" if o.text else o.name for o in options_of(ours)]
    lines = [r.line for r in ours.requirements]
    known, rest = create_command("install").parse_args([*lines, *arguments])
    assert rest == lines
    assert known.extra_index_urls == list(ours.options.extra_index_urls)
    assert known.find_links == list(ours.options.find_links)
    assert bool(known.pre) == ours.options.prerelease
    assert bool(known.build_isolation) == ours.isolated
    if ours.options.index_url:
        assert known.index_url == ours.options.index_url


def options_of(arguments: tokens.Arguments) -> list[tokens.Option]:
    return [item for item in arguments.items if isinstance(item, tokens.Option)]


@pytest.mark.parametrize(
    ("written", "first", "second"),
    [
        (["--index-url", "https://a", "-i", "https://b"], "index_url", "https://b"),
        (["-fhttps://a", "-f", "https://b"], "find_links", ["https://a", "https://b"]),
        (["--pypi-url=https://a"], "index_url", "https://a"),
    ],
)
def test_options_mean_to_pip_what_they_mean_to_us(
    written: list[str], first: str, second: object
) -> None:
    known, _ = create_command("install").parse_args(written)
    assert getattr(known, first) == second
    ours = getattr(tokens.parse(written).options, first)
    assert (list(ours) if isinstance(second, list) else ours) == second


def test_every_reason_of_the_list_is_met() -> None:
    """A reason that nothing has any more must go."""
    digest = "0" * 64
    met = [
        *(
            ".",
            "ftp://h/x",
            "git+ssh://h/x",
            "https://h:x/y",
            "https://h/a'b",
            "https://h/a;b c",
            "https://h",
        ),
        *("a\x0b1", "https://h/a-1.whl", "a @ https://h/b-1-py3-none-any.whl"),
        *("git+https://h/x#subdirectory=../b", "git+https://h/x@-x", "https://h/x#md5=0"),
        *("a #b", "a\\", "a;", "a @ https://h/${x}", "a==${A}", "${A}", "https://h/x#egg=a[b]"),
        f"a>1 --hash=sha256:{digest}",
    ]
    reasons = set()
    for item in met:
        with pytest.raises(RequirementError) as caught:
            requirements.canonical([[item]])
        reasons |= {part for part in KNOWN if part in caught.value.why}
    assert reasons == set(KNOWN)

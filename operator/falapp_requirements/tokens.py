"""pip arguments, as a FalApp lists them, and what uv makes of them.

Requirements reach uv in a file and options in its environment or its list of arguments: no shell
sees them. That file has a language of its own (comments, continued lines, options, variables,
paths), so what a token may be is decided here, before uv sees it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from falapp_requirements import options
from falapp_requirements.errors import RequirementError
from falapp_requirements.options import Options
from falapp_requirements.redact import Redactor

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_EXTRAS = r"(?:\s*\[[A-Za-z0-9._,\s-]*\])?"
_NAMED = re.compile(rf"(?P<name>{_NAME}){_EXTRAS}\s*(?P<rest>$|[<>=!~(;].*)")
_AT_URL = re.compile(rf"(?P<name>{_NAME}){_EXTRAS}\s*@\s*(?P<url>\S.*)")
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):")
_ARCHIVE = re.compile(r"\.(whl|zip|tar|tgz|tbz|tlz|txz|tar\.(gz|bz2|lz|lzma|xz|zst))$", re.I)
_WHEEL = re.compile(rf"/(?P<name>{_NAME})-[^/]*\.whl(?:[?#;\s]|$)")
_EGG = re.compile(rf"[#&]egg=(?P<name>{_NAME})")
_SCHEMES = ("https", "http", "git+https", "git+http")
_OUTSIDE = (
    "a build sees no file of yours: give name==version, or the https URL of a wheel or of git"
)


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One package that the user asks for."""

    written: str
    """The token, as it was written."""
    name: str
    """The normalised name, empty where the token is only a URL that does not tell."""


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The pip arguments of one layer."""

    requirements: tuple[Requirement, ...] = ()
    """In order."""
    options: Options = field(default_factory=Options)
    """Where and how to look."""

    @property
    def text(self) -> str:
        """The requirements file."""
        return "".join(f"{r.written}\n" for r in self.requirements)

    def at(self, position: int) -> Requirement | None:
        """Return the requirement that holds a byte of `text`, as uv's parse errors count them."""
        end = 0
        for requirement in self.requirements:
            end += len(requirement.written.encode()) + 1
            if position < end:
                return requirement
        return None


def parse(tokens: Iterable[str]) -> Arguments:
    """Return the arguments that a layer's tokens are.

    Raises:
        RequirementError: It names the token without its credentials.
    """
    found = Arguments()
    source = iter(tokens)
    for raw in source:
        token = _checked(raw)
        if token.startswith("-"):
            found = replace(found, options=_with_option(found.options, token, source))
        else:
            found = replace(found, requirements=(*found.requirements, requirement(token)))
    return found


def requirement(token: str) -> Requirement:
    """Return the package that a token asks for.

    Raises:
        RequirementError: It is none, or one that reaches outside.
    """
    if named := _NAMED.fullmatch(token):
        return _plain(token, named)
    if direct := _AT_URL.fullmatch(token):
        _check_url(token, direct["url"])
        return Requirement(written=token, name=normalised(direct["name"]))
    if _URL.match(token):
        _check_url(token, token)
        told = _WHEEL.search(token) or _EGG.search(token)
        return Requirement(written=token, name=normalised(told["name"]) if told else "")
    if "/" in token or "\\" in token or _ARCHIVE.search(token):
        raise refused(token, "is a path", _OUTSIDE)
    way_out = "give one requirement an item, as name==version or name @ https://…"
    raise refused(token, "is not a requirement that pip accepts", way_out)


def normalised(name: str) -> str:
    """Return a package's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def refused(token: str, why: str, way_out: str) -> RequirementError:
    """Return the error of a token."""
    shown = Redactor([token])(token)
    shown = shown if len(shown) <= 200 else f"{shown[:199]}…"
    quoted = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown)
    return RequirementError(f"requirement `{quoted}` {why}; {way_out}")


def _checked(raw: str) -> str:
    hidden = next((c for c in raw if not c.isprintable()), "")
    if hidden:
        why = f"holds a character that cannot be seen (U+{ord(hidden):04X})"
        raise refused(raw, why, "remove it: each requirement is an item of its own, on one line")
    token = raw.strip()
    if not token:
        raise refused(raw, "is empty", "leave the item out")
    if "${" in token:
        why = "holds ${…}, and a build knows no variables yet"
        raise refused(token, why, "write the value, or give the package without credentials")
    if token.startswith("#") or re.search(r"\s#", token):
        raise refused(token, "holds a comment", "write it as a comment of the YAML file")
    if token.endswith("\\"):
        raise refused(token, "ends with a backslash", "write it on one line, without")
    return token


def _with_option(given: Options, token: str, source: Iterator[str]) -> Options:
    name, value = options.split(token)
    if complaint := options.complaint(name, value):
        raise refused(token, *complaint)
    if value is None and options.takes_value(name):
        following = next(source, None)
        if following is None:
            raise refused(token, "lacks its value", f"give it, as {options.example(name)}")
        value = _checked(following)
    if complaint := options.value_complaint(name, value):
        raise refused(f"{name} {value}", *complaint)
    return given.plus(name, value or "")


def _plain(token: str, match: re.Match[str]) -> Requirement:
    path = _ARCHIVE.search(match["name"]) and not match["rest"]
    # No version and no marker holds it; uv would refuse it, too, in words of its own.
    if path or "file:" in match["rest"].lower():
        raise refused(token, "is a path", _OUTSIDE)
    if re.search(r"\s-", match["rest"]):
        why = "holds an option"
        raise refused(token, why, "options are items of their own, and none is for one package")
    return Requirement(written=token, name=normalised(match["name"]))


def _check_url(token: str, url: str) -> None:
    scheme = _URL.match(url)
    word = scheme["scheme"].lower() if scheme else ""
    if not scheme or word == "file" or word.endswith("+file") or len(word) == 1:
        raise refused(token, "is a path", _OUTSIDE)
    if word == "git+ssh":
        raise refused(token, "needs an SSH key, and a build has none", "give git+https://…")
    if word not in _SCHEMES or not url[scheme.end() :].startswith("//"):
        way_out = "give https://… to a wheel or an archive, or git+https://…"
        raise refused(token, "is at an address that a build cannot read", way_out)
    if re.search(r"\s(?!;)", re.split(r"\s*;\s", url)[0].strip()) or re.search(r"\s-", url):
        raise refused(
            token, "holds a space in its URL", "write it as %20, or as an item of its own"
        )

"""pip arguments, as a FalApp lists them, and what an installer gets of them.

Requirements reach an installer in a file, and options in its environment or its list of arguments:
no shell sees them. That file has a language of its own (comments, continued lines, options,
variables, paths), so what a token may be is decided here, before an installer sees it. Whether a
version or a marker is well-formed is left to `packaging`, which the operator asks, and to the
installers.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from falapp_requirements import options, redact, urls
from falapp_requirements.errors import RequirementError
from falapp_requirements.options import Option, Options

_NAMED = re.compile(rf"(?P<name>{urls.NAME}){urls.EXTRAS}\s*(?P<rest>$|[<>=!~(;].*)")
_ARCHIVE = re.compile(
    r"\.(whl|zip|tar|tgz|tbz|tlz|txz|tar\.(gz|bz2|lz|lzma|xz|zst))(\[[^\]]*\])?$", re.IGNORECASE
)
_HASHES = re.compile(r"(?P<body>.*?\S)(?P<hashes>(?:\s+--hash[=\s]\s*[^\s-]\S*)+)")
_DIGEST = re.compile(r"--hash[=\s]\s*(\S+)")
_TOLD = re.compile(r"(?<=[#&])sha256=[0-9a-fA-F]{64}&?")
_PINNED = re.compile(r"\(?\s*===?\s*[^\s*,()]+\s*\)?")


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One package that the user asks for."""

    written: str
    """The token, as it was written, without the hash options."""
    name: str
    """The normalised name, empty where the token is only a URL that does not tell."""
    hashes: tuple[str, ...] = ()
    """What its file may be, as ``sha256:…``; nothing where every file will do."""
    url: str = ""
    """The address, as it was written; empty where an index is asked."""
    line: str = field(default="", repr=False)
    """The line of a requirements file: with the values of variables in it, without hashes."""


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The pip arguments of one layer."""

    items: tuple[Requirement | Option, ...] = ()
    """In the order in which they were written."""

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """The packages, in order."""
        return tuple(item for item in self.items if isinstance(item, Requirement))

    @property
    def options(self) -> Options:
        """Where and how to look, for all packages of the layer."""
        found = Options()
        for item in self.items:
            if isinstance(item, Option):
                found = found.plus(item.name, item.text)
        return found

    @property
    def isolated(self) -> bool:
        """Whether a package is built apart from the others."""
        return self.options.isolated

    @property
    def text(self) -> str:
        """The requirements file. Hashes are not in it: pip would then want them for everything."""
        return "".join(f"{r.line}\n" for r in self.requirements)

    @property
    def unhashed(self) -> str:
        """`text` without the hashes of URLs: uv would believe them, and not look at the file."""
        return "".join(f"{_unhashed(r.line)}\n" for r in self.requirements)

    def at(self, position: int) -> Requirement | None:
        """Return the requirement that holds a byte of `unhashed`, as uv's parse errors count."""
        end = 0
        for requirement in self.requirements:
            end += len(_unhashed(requirement.line).encode()) + 1
            if position < end:
                return requirement
        return None


def parse(tokens: Iterable[str]) -> Arguments:
    """Return the arguments that a layer's tokens are.

    Raises:
        RequirementError: It names the token without its credentials.
    """
    items: list[Requirement | Option] = []
    source = iter(tokens)
    for raw in source:
        token = _checked(raw)
        if not token.startswith("-"):
            items.append(requirement(token))
            continue
        option = _option(token, source)
        if option.name != options.HASH:
            items.append(option)
        elif items and isinstance(items[-1], Requirement):
            items[-1] = _hashed(items[-1], (option.value,))
        else:
            way_out = "put it after the requirement that it belongs to, or into the same item"
            raise refused(token, "belongs to no requirement", way_out)
    return Arguments(items=tuple(items))


def render(arguments: Arguments) -> tuple[str, ...]:
    """Return tokens, one an item, that `parse` turns into ``arguments`` again."""
    return tuple(_rendered(item) for item in arguments.items)


def requirement(token: str) -> Requirement:
    """Return the package that a token asks for.

    Raises:
        RequirementError: It is none, or one that reaches outside.
    """
    if own := _HASHES.fullmatch(token):
        digests = _DIGEST.findall(own["hashes"])
        for digest in digests:
            _check_option(token, options.HASH, digest)
        return _hashed(requirement(own["body"]), digests)
    if re.search(r"\s-", token):
        way_out = "options are items of their own, and only --hash is for one package"
        raise refused(token, "holds an option", way_out)
    if direct := urls.direct(token):
        return _direct(token, direct)
    if named := _NAMED.fullmatch(token):
        return _plain(token, named)
    if token.startswith(".") or _is_path(token):
        raise refused(token, *urls.OUTSIDE)
    way_out = "give one requirement an item, as name==version or name @ https://…"
    raise refused(token, "is not a requirement that pip accepts", way_out)


def normalised(name: str) -> str:
    """Return a package's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def refused(token: str, why: str, way_out: str) -> RequirementError:
    """Return the error of a token."""
    shown = redact.item(token)
    shown = shown if len(shown) <= 200 else f"{shown[:199]}…"
    quoted = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown)
    return RequirementError(f"requirement `{quoted}` {why}; {way_out}", why, way_out)


def _unhashed(line: str) -> str:
    return _TOLD.sub("", line)


def _checked(raw: str) -> str:
    token = raw.strip(" \t\r\n").replace("\t", " ")  # a block of YAML ends with a line break
    hidden = next((c for c in token if not c.isprintable()), "")
    if hidden:
        why = f"holds a character that cannot be seen (U+{ord(hidden):04X})"
        raise refused(raw, why, "remove it: each requirement is an item of its own, on one line")
    if not token:
        raise refused(raw, "is empty", "leave the item out")
    if "${" in urls.VARIABLE.sub("", token):
        why = "has a ${ that begins no variable"
        raise refused(token, why, "write ${NAME} in capitals, digits and _, or $%7B for itself")
    if token.startswith("#") or re.search(r"\s#", token):
        raise refused(token, "holds a comment", "write it as a comment of the YAML file")
    if token.endswith("\\"):
        raise refused(token, "ends with a backslash", "write it on one line, without")
    return token


def _option(token: str, source: Iterator[str]) -> Option:
    name, value = options.split(token)
    if complaint := options.complaint(name, value):
        raise refused(token, *complaint)
    if value is None and options.takes_value(name):
        following = next(source, None)
        if following is None:
            raise refused(token, "lacks its value", f"give it, as {options.example(name)}")
        value = _checked(following)
    return option(name, value or "")


def option(name: str, value: str) -> Option:
    """Return an option that is accepted, with its value.

    Raises:
        RequirementError: It cannot have that value.
    """
    if options.takes_value(name):
        _check_option(f"{name} {value}", name, value)
    return Option(name=name, value=value, text=value)


def _check_option(token: str, name: str, value: str) -> None:
    if complaint := options.value_complaint(name, value):
        raise refused(token, *complaint)


def _is_path(token: str) -> bool:
    """Return whether pip would look for a file: also for ``===1.zip``, wherever it stands."""
    parts = token.partition(";")[0].split(",")
    return any(_ARCHIVE.search(part.strip()) or re.search(r"[/\\]", part) for part in parts)


def _plain(token: str, match: re.Match[str]) -> Requirement:
    # No version and no marker holds `file:`; uv would refuse it, too, in words of its own.
    if _is_path(token) or "file:" in match["rest"].lower():
        raise refused(token, *urls.OUTSIDE)
    if "${" in token:
        way_out = "write the value: variables stand in URLs only"
        raise refused(token, "has ${…} outside of a URL", way_out)
    return Requirement(written=token, name=normalised(match["name"]), line=token)


def _direct(token: str, direct: urls.Direct) -> Requirement:
    if not direct.url:
        way_out = "write it as %20, and a marker behind a space and a semicolon"
        raise refused(token, "holds a space in its URL", way_out)
    complaint = urls.complaint(direct.url, urls.PACKAGE) or urls.hash_complaint(direct.url)
    if complaint:
        raise refused(token, *complaint)
    if "${" in direct.marker:
        way_out = "write the value: variables stand in URLs only"
        raise refused(token, "has ${…} outside of a URL", way_out)
    if not direct.head and urls.led(direct.url):
        way_out = f"write its name before it, as name @ {direct.url}"
        raise refused(token, "does not say which package it is", way_out)
    name = re.match(urls.NAME, direct.head)
    digest = urls.fragment(direct.url).get("sha256", "")
    return Requirement(
        written=token,
        name=normalised(name[0] if name else urls.told(direct.url)),
        hashes=(f"sha256:{digest.lower()}",) if digest else (),
        url=direct.url,
        line=direct.line,
    )


def _hashed(found: Requirement, digests: Iterable[str]) -> Requirement:
    """Return a requirement with more hashes; the file may have any of them."""
    if found.url.startswith("git+"):
        way_out = "give the commit after the @ instead"
        raise refused(found.written, "has a hash, and git has none", way_out)
    if not found.url:
        named = _NAMED.fullmatch(found.written.partition(";")[0].strip())
        if named is None or not _PINNED.fullmatch(named["rest"]):
            why = "has a hash, which is of one version, and allows several"
            raise refused(found.written, why, "pin it, as name==1.2.3 --hash=sha256:…")
    every = (*found.hashes, *(digest.lower() for digest in digests))
    return replace(found, hashes=tuple(dict.fromkeys(every)))


def _rendered(item: Requirement | Option) -> str:
    if isinstance(item, Option):
        return f"{item.name}={item.value}" if item.value else item.name
    told = urls.fragment(item.url).get("sha256", "").lower()
    own = [digest for digest in item.hashes if digest != f"sha256:{told}"]
    return " ".join([item.written, *(f"{options.HASH}={digest}" for digest in own)])

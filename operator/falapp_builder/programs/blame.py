"""Which requirement an installer complains of, as the user wrote it."""

import re
from collections.abc import Iterable

from falapp_requirements.redact import Redactor
from falapp_requirements.tokens import Arguments, Requirement, normalised

_POSITION = re.compile(r"in `[^`]*` at position (?P<position>\d+)")
_REQUIRED = re.compile(
    r"you require (?P<clauses>.+?)(?:,? we can conclude|, which|, or)", re.DOTALL
)
_NAMED = re.compile(r"`(?P<name>[A-Za-z0-9][\w.-]*)(?:==[^`\s]+| @ [^`]+)?`")
_LINE = re.compile(r"\(line (?P<number>\d+)\)")
# Where pip names a package, and the packages that need it.
_PIP_NAMED = (
    re.compile(r"Cannot install build dependencies for (?P<names>\S+)"),
    re.compile(r"No matching distribution found for (?P<names>[^\n]+)"),
    re.compile(r"The conflict is caused by:\n(?P<names>.*?)(?=\n\s*\n|\Z)", re.DOTALL),
    re.compile(r"Failed to build '(?P<names>[^']+)' when"),
    re.compile(r"Failed building wheel for (?P<names>\S+)"),
    re.compile(r"while generating package metadata\.\s+╰─> (?P<names>\S+)"),
    re.compile(r"DO NOT MATCH THE HASHES[^\n]*\n\s+(?P<names>[A-Za-z0-9][\w.-]*)"),
)
_WORD = re.compile(r"(?<![\w.-])[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?")
_SHOWN = 4


def who(text: str, arguments: Arguments) -> str:
    """Return the words for the requirements at fault, with their credentials hidden."""
    redact = Redactor(r.written for r in arguments.requirements)
    found = [redact(r.written) for r in _at_fault(text, arguments)]
    if not found:
        return "the requirements"
    quoted = " and ".join(f"`{token}`" for token in found[:_SHOWN])
    return f"requirement{'s' if len(found) > 1 else ''} {quoted}"


def _at_fault(text: str, arguments: Arguments) -> list[Requirement]:
    if position := _POSITION.search(text):
        chosen = arguments.at(int(position["position"]))
        return [chosen] if chosen else []
    mentions = (
        _required(text),
        _pip_named(text),
        {normalised(m["name"]) for m in _NAMED.finditer(text)},
    )
    for names in mentions:
        if found := [r for r in arguments.requirements if r.name in names]:
            return found
    if found := _numbered(text, arguments):
        return found
    if "Git executable" in text or "command 'git'" in text:
        return [r for r in arguments.requirements if r.url.startswith("git+")]
    return [r for r in arguments.requirements if _address(r.written) in text]


def _required(text: str) -> set[str]:
    """Return the names that uv's explanation says the user requires."""
    clauses = " ".join(m["clauses"] for m in _REQUIRED.finditer(text))
    return {normalised(word) for word in re.findall(r"(?:^|\s)([A-Za-z0-9][\w.-]*)", clauses)}


def _pip_named(text: str) -> set[str]:
    said = (m["names"] for pattern in _PIP_NAMED for m in pattern.finditer(text))
    return {normalised(word) for names in said for word in _WORD.findall(names)}


def _numbered(text: str, arguments: Arguments) -> list[Requirement]:
    """Return the lines of the requirements file that pip's errors name, or that it read last."""
    lines = text.splitlines()
    errors = [line for line in lines if line.lstrip().startswith("ERROR")]
    collecting = [line for line in lines if line.startswith("Collecting ")]
    for group in (errors, collecting[-1:]):
        numbers = {int(number) for line in group for number in _LINE.findall(line)}
        if found := list(_at(numbers, arguments)):
            return found
    return []


def _at(numbers: Iterable[int], arguments: Arguments) -> Iterable[Requirement]:
    return (r for n, r in enumerate(arguments.requirements, start=1) if n in set(numbers))


def _address(token: str) -> str:
    """Return host and path of a URL, which uv prints whatever it does to the rest."""
    match = re.search(r"://(?:[^\s/@]*@)?(?P<address>[^\s?#@;]+)", token)
    return match["address"] if match else "\0"

"""From what uv said to what went wrong, in the words of the one who wrote the requirements."""

import re
from collections import defaultdict

from falapp_builder.failure import Failure, Reason
from falapp_builder.patterns import TABLE
from falapp_requirements.redact import Redactor
from falapp_requirements.tokens import Arguments, normalised

_POSITION = re.compile(r"in `[^`]*` at position (?P<position>\d+)")
_REQUIRED = re.compile(
    r"you require (?P<clauses>.+?)(?:,? we can conclude|, which|, or)", re.DOTALL
)
_NAMED = re.compile(r"`(?P<name>[A-Za-z0-9][\w.-]*)(?:==[^`\s]+| @ [^`]+)?`")
_HOST = re.compile(r"://(?:\*+@|[^\s/@'`]*@)?(?P<host>[^\s/'`)?]+)")
_NOISE = re.compile(
    r"^(?:Using Python|\s*(?:Downloading|Downloaded|Building|Built|Updat)|warning:)"
)
_BECAUSE = re.compile(r"No solution found[^\n]*\n\s+cause: (?P<why>.*?)(?=\n\s*\n|\Z)", re.DOTALL)


def diagnosed(said: str, arguments: Arguments, otherwise: Reason) -> Failure:
    """Return the failure that uv's redacted output tells of.

    Args:
        said: Everything that uv said.
        arguments: What it was asked for.
        otherwise: The reason where no pattern fits.
    """
    text = "\n".join(line for line in said.splitlines() if not _NOISE.match(line)).strip("\n")
    facts: defaultdict[str, str] = defaultdict(str)
    facts |= {"who": _who(text, arguments), "host": _host(text), "because": _because(text)}
    for pattern in TABLE:
        if match := pattern.match.search(text):
            facts |= {k: v.strip() for k, v in match.groupdict("").items()}
            message = pattern.sentence.format_map(facts)
            return Failure(pattern.reason, Redactor()(message), text)
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "it said nothing")
    return Failure(otherwise, f"{facts['who']}: uv failed: {last.strip()}", text)


def _who(text: str, arguments: Arguments) -> str:
    found = _at_fault(text, arguments)
    if not found:
        return "the requirements"
    quoted = " and ".join(f"`{token}`" for token in found[:4])
    return f"requirement{'s' if len(found) > 1 else ''} {quoted}"


def _at_fault(text: str, arguments: Arguments) -> list[str]:
    redact = Redactor(r.written for r in arguments.requirements)
    if position := _POSITION.search(text):
        chosen = arguments.at(int(position["position"]))
        return [redact(chosen.written)] if chosen else []
    for names in (_required(text), {normalised(m["name"]) for m in _NAMED.finditer(text)}):
        if found := [redact(r.written) for r in arguments.requirements if r.name in names]:
            return found
    written = [r.written for r in arguments.requirements]
    if "Git executable" in text:
        return [redact(token) for token in written if "git+" in token]
    return [redact(token) for token in written if _address(token) in text]


def _required(text: str) -> set[str]:
    """Return the names that uv's explanation says the user requires."""
    clauses = " ".join(m["clauses"] for m in _REQUIRED.finditer(text))
    return {normalised(word) for word in re.findall(r"(?:^|\s)([A-Za-z0-9][\w.-]*)", clauses)}


def _address(token: str) -> str:
    """Return host and path of a URL, which uv prints whatever it does to the rest."""
    match = re.search(r"://(?:[^\s/@]*@)?(?P<address>[^\s?#@;]+)", token)
    return match["address"] if match else "\0"


def _host(text: str) -> str:
    match = _HOST.search(text)
    return match["host"] if match else "a server"


def _because(text: str) -> str:
    """Return uv's explanation on one line, without what every one of them ends with."""
    match = _BECAUSE.search(text)
    sentence = " ".join(match["why"].split()) if match else "see the log"
    ending = ", we can conclude that your requirements are unsatisfiable."
    return sentence.removesuffix(ending).removesuffix(".")

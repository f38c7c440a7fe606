"""From what an installer said to what went wrong, in the words of who wrote the requirements."""

import re
from collections import defaultdict
from collections.abc import Iterable

from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.programs import blame, patterns, pippatterns
from falapp_requirements.redact import Redactor
from falapp_requirements.tokens import Arguments

_TABLE = (*patterns.MACHINE, *patterns.GIT, *pippatterns.TABLE, *patterns.TABLE)
_HOST = re.compile(r"://(?:\*+@|[^\s/@'`]*@)?(?P<host>[^\s/'`)?]+)")
_NOISE = re.compile(
    r"^(?:Using Python|\s*(?:Downloading|Downloaded|Building|Built|Updat|Collecting|Using cached)"
    r"|warning:|Looking in |note: |hint: |\s+(?:Getting requirements|Preparing metadata).*(?:"
    r"started|'done')$)"
)
_BECAUSE = re.compile(r"No solution found[^\n]*\n\s+cause: (?P<why>.*?)(?=\n\s*\n|\Z)", re.DOTALL)
_CONFLICT = re.compile(r"The conflict is caused by:\n(?P<why>.*?)(?=\n\s*\n|\Z)", re.DOTALL)
_ERROR = re.compile(r"\b(?:fatal error|[a-z.]*error): \S|^\s*\w*Error$", re.IGNORECASE)
_NO_ERROR = re.compile(
    r"^\s*cause: |CalledProcessE"
    r"|error: (?:subprocess-exited|metadata-generation|Failed to|No solution|Command ')"
)


def diagnosed(said: str, arguments: Arguments, otherwise: Reason) -> Failure:
    """Return the failure that an installer's redacted output tells of.

    Args:
        said: Everything that it said.
        arguments: What it was asked for.
        otherwise: The reason where no pattern fits.
    """
    text = "\n".join(line for line in said.splitlines() if not _NOISE.match(line)).strip("\n")
    facts: defaultdict[str, str] = defaultdict(str)
    facts |= {"who": blame.who(said, arguments), "host": _host(text), "because": _because(text)}
    facts["error"] = _error(text.splitlines())
    for pattern in _TABLE:
        if match := pattern.match.search(text):
            facts |= {k: v.strip() for k, v in match.groupdict().items() if v}
            message = pattern.sentence.format_map(facts)
            return Failure(pattern.reason, Redactor()(message), text)
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "it said nothing")
    message = f"{facts['who']}: the installer failed: {last.strip()}"
    return Failure(otherwise, Redactor()(message), text)


def _host(text: str) -> str:
    match = _HOST.search(text)
    return match["host"] if match else "a server"


def _because(text: str) -> str:
    """Return the installer's explanation on one line, without what every one of them ends with."""
    if conflict := _CONFLICT.search(text):
        return "; ".join(line.strip() for line in conflict["why"].splitlines())
    match = _BECAUSE.search(text)
    sentence = " ".join(match["why"].split()) if match else "see the log"
    ending = ", we can conclude that your requirements are unsatisfiable."
    return sentence.removesuffix(ending).removesuffix(".")


def _error(lines: Iterable[str]) -> str:
    """Return the compiler's first complaint, or that of whatever else builds a package."""
    errors = (line.strip() for line in lines if _ERROR.search(line) and not _NO_ERROR.search(line))
    found = next(errors, "see the log")
    return found if len(found) <= 200 else f"{found[:199]}…"

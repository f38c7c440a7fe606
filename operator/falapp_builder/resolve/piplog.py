"""What pip tells its log only: why it passed files by, and what a build of a package said."""

import re
import sys
from collections.abc import Callable, Iterable, Sequence

from falapp_requirements.tokens import normalised

_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\S+ ?")
_MISSING = re.compile(r"No matching distribution found for (?P<name>[A-Za-z0-9][\w.-]*)")
_TELLING = re.compile(
    r"\s*(?P<line>(?:Could not fetch URL |Skipping link: none of the wheel's tags ).*)"
)
_STARTED = re.compile(r"\s*Running command (?P<command>.*)")
_FAILED = re.compile(r"\s*ERROR: .* exited with -?\d+$")
_STORY, _SHOWN = 60, 8


def told(
    said: str, log: Sequence[str], redact: Callable[[str], str], links: Iterable[str] = ()
) -> str:
    """Return what pip said with what its log has to add; that is printed, too.

    Args:
        said: What it said, redacted.
        log: The lines of its log.
        redact: Hides what is secret in them.
        links: The pages of --find-links.
    """
    plain = [_STAMP.sub("", line) for line in log]
    before = [redact(line) for line in _story(plain)]
    behind = [redact(line) for line in _passed(said, plain, links)]
    for line in (*before, *behind):
        print(line, file=sys.stderr, flush=True)
    return "\n".join((*before, said, *behind))


def _story(log: Sequence[str]) -> Sequence[str]:
    """Return the last lines of the program that failed, as a compiler's; git's pip shows itself."""
    end = next((n for n, line in enumerate(log) if _FAILED.match(line)), 0)
    started = [(n, m["command"]) for n, line in enumerate(log[:end]) if (m := _STARTED.match(line))]
    if not started or started[-1][1].startswith("git "):
        return ()
    return log[started[-1][0] + 1 : end][-_STORY:]


def _passed(said: str, log: Iterable[str], links: Iterable[str]) -> Iterable[str]:
    """Return why pip found nothing of the package that it misses."""
    missing = _MISSING.search(said)
    if not missing:
        return ()
    # Without user information, which pip hides.
    addresses = (url.partition("://")[2].rpartition("@")[2] for url in links)
    pages = (f"/{normalised(missing['name'])}/", *addresses)
    matches = (_TELLING.match(line) for line in log)
    found = dict.fromkeys(m["line"] for m in matches if m and any(p in m["line"] for p in pages))
    return list(found)[-_SHOWN:]

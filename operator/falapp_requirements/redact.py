"""Credentials never leave a build: neither in its log nor in what it reports.

Two nets, because neither is whole. Patterns find user information and query strings in URLs, also
in malformed ones, which pip, uv and git print as they were typed. Secrets that a requirement holds
are known beforehand and are hidden wherever they turn up, as where git asks for a password for
"TOKEN" or where a tool prints one half of a URL.
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote

HIDDEN = "****"

# A scheme. Its length is bounded, or a long word would take quadratic time.
_WORD = r"[A-Za-z][A-Za-z0-9+.-]{0,30}"
# A URL's beginning, also with too few slashes: "git+https:TOKEN@host" is what people type.
_SCHEME = rf"(?P<scheme>(?:{_WORD}:/{{1,3}}|(?:git\+)?(?:https?|ssh|git|ftp)[:/]+)(?![:/]))"
_STOP = r"\s\"'`<>"
_USERINFO = re.compile(rf"{_SCHEME}(?P<userinfo>[^{_STOP}/?#]*@)")
# A password with an unescaped slash, "?" or "#": after "name:" no port, and an "@" further on.
_BROKEN_USERINFO = re.compile(
    rf"{_SCHEME}(?P<userinfo>[^{_STOP}/@:]*:(?!\d+(?:[/?#]))[^{_STOP}]*@)"
)
_BARE_USERINFO = re.compile(rf"(?<![\w./])[\w.%+-]+:[^{_STOP}@/]+@(?=[\w\[])")
_QUERY = re.compile(rf"(?P<url>{_WORD}:/+[^{_STOP}?]*)\?[^{_STOP}#]*")
_BARE_QUERY = re.compile(rf"\?[\w.%~+-]+=[^{_STOP}#)]*")

_SHORTEST_SECRET = 6
# User names that say nothing: hiding the word everywhere would only spoil the log.
_PUBLIC = frozenset({"oauth2", "x-access-token", "x-token-auth", "__token__", "gitlab-ci-token"})


class Redactor:
    """Hides credentials in text.

    Args:
        tokens: The pip arguments of the request; what they hold is hidden verbatim.
    """

    def __init__(self, tokens: Iterable[str] = ()) -> None:
        found = {secret for token in tokens for secret in secrets(token)}
        self._literals = tuple(sorted(found, key=lambda s: (-len(s), s)))

    def __call__(self, text: str) -> str:
        """Return ``text`` without user information, query strings and known secrets."""
        text = _BROKEN_USERINFO.sub(_without_userinfo, text)
        text = _USERINFO.sub(_without_userinfo, text)
        text = _BARE_USERINFO.sub(f"{HIDDEN}@", text)
        text = _QUERY.sub(rf"\g<url>?{HIDDEN}", text)
        text = _BARE_QUERY.sub(f"?{HIDDEN}", text)
        for literal in self._literals:
            text = text.replace(literal, HIDDEN)
        return text


def _without_userinfo(match: re.Match[str]) -> str:
    return f"{match['scheme']}{HIDDEN}@"


def secrets(token: str) -> frozenset[str]:
    """Return what is secret in a pip argument: passwords, lone tokens, values of a query."""
    parts = [m["userinfo"][:-1] for m in _USERINFO.finditer(token)]
    parts += [m["userinfo"][:-1] for m in _BROKEN_USERINFO.finditer(token)]
    found: set[str] = set()
    for userinfo in parts:
        user, _, password = userinfo.partition(":")
        found.add(password or user)
    for match in _QUERY.finditer(token):
        query = match[0].partition("?")[2]
        found.update(pair.partition("=")[2] or pair for pair in query.split("&"))
    found |= {unquote(part) for part in found}
    return frozenset(s for s in found if len(s) >= _SHORTEST_SECRET and s not in _PUBLIC)

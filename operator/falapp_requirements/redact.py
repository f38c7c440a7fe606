"""Credentials never leave a build: neither in its log nor in what it reports.

Two nets, because neither is whole. Patterns find user information and query strings in URLs, also
in malformed ones, which pip, uv and git print as they were typed. Secrets that a requirement holds,
and the values of its variables, are known beforehand and are hidden wherever they turn up, as where
git asks for a password for "TOKEN" or where a tool prints one half of a URL.
"""

import base64
import re
import string
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote

from falapp_requirements import userinfo
from falapp_requirements.userinfo import STOP, WORD

HIDDEN = "****"

# None of these takes more than linear time: where the end of what is sought is not there, the text
# up to where it would have been is taken as well, and not looked at again from its middle.
_BARE_USERINFO = re.compile(rf"(?<![\w./])[\w.%+-]+(?::[^{STOP}@/]+(?P<at>@(?=[\w\[]))?)?")
_QUERY = re.compile(rf"(?P<url>{WORD}:/+[^{STOP}?]*)(?P<query>\?[^{STOP}#]*)?")
_BARE_QUERY = re.compile(rf"\?[\w.%~+-]+=[^{STOP}#)]*")
_ITEM_QUERY = re.compile(rf"(?P<url>{WORD}:/+[^?]*)(?P<query>\?[^#]*)?")
# The operator's own names, FALAPP_…, stand for what a user wrote: they tell nobody anything.
_OPEN = re.compile(r"(?:[^${}:]*:)?\$\{(?!FALAPP_)[A-Z][A-Z0-9_]*\}@")

_SHORTEST_SECRET = 6
_SHORTEST_VALUE = 3
_SHORTEST_BASE64 = 6
_BASE64 = frozenset(string.ascii_letters + string.digits + "+/-_=")
# User names that say nothing: hiding the word everywhere would only spoil the log.
PUBLIC = frozenset(
    {"oauth2", "x-access-token", "x-token-auth", "x-oauth-basic", "__token__", "gitlab-ci-token"}
)
"""User names and passwords that only say what the other half is."""


class Redactor:
    """Hides credentials in text.

    Args:
        tokens: The pip arguments of the request; what they hold is hidden verbatim.
        values: Values of secrets, hidden as they are, quoted as in URLs, and in base64.
    """

    def __init__(self, tokens: Iterable[str] = (), values: Iterable[str] = ()) -> None:
        found = {secret for token in tokens for secret in secrets(token)}
        parts = {part for value in values for part in _parts(value)}
        found |= {shape for part in parts for shape in _quoted(part)}
        self._literals = tuple(sorted(found, key=lambda s: (-len(s), s)))
        self._encoded = tuple(sorted({shape for part in parts for shape in _encoded(part)}))

    def __call__(self, text: str) -> str:
        """Return ``text`` without user information, query strings and known secrets."""
        # Known ones first: a pattern that ends too early would leave half of one.
        for literal in self._literals:
            text = text.replace(literal, HIDDEN)
        for encoded in self._encoded:
            text = _without_run(text, encoded)
        text = _without_userinfo(userinfo.BROKEN, text)
        text = _without_userinfo(userinfo.PLAIN, text)
        text = _BARE_USERINFO.sub(lambda m: f"{HIDDEN}@" if m["at"] else m[0], text)
        text = _QUERY.sub(_without_query, text)
        return _BARE_QUERY.sub(f"?{HIDDEN}", text)


def item(token: str) -> str:
    """Return an item without its credentials, however malformed it is."""
    shown = _without_userinfo(userinfo.ITEM_BROKEN, token)
    shown = _without_userinfo(userinfo.ITEM_PLAIN, shown)
    shown = _ITEM_QUERY.sub(_without_query, shown)
    return Redactor([token])(shown)


def _without_userinfo(kind: userinfo.Kind, text: str) -> str:
    shown, done = [], 0
    for start, end in kind.find(text):
        if not _OPEN.fullmatch(text, start, end):
            shown += [text[done:start], f"{HIDDEN}@"]
            done = end
    return "".join([*shown, text[done:]])


def _without_query(match: re.Match[str]) -> str:
    return f"{match['url']}?{HIDDEN}" if match["query"] else match[0]


def secrets(token: str) -> frozenset[str]:
    """Return what is secret in a pip argument: passwords, lone tokens, values of a query."""
    found: set[str] = set()
    for kind in (userinfo.PLAIN, userinfo.BROKEN, userinfo.ITEM_PLAIN):
        for start, end in kind.find(token):
            user, _, password = token[start : end - 1].partition(":")
            found.add(password or user)
    for match in _QUERY.finditer(token):
        query = (match["query"] or "")[1:]
        found.update(pair.partition("=")[2] or pair for pair in query.split("&"))
    found |= {unquote(part) for part in found}
    return frozenset(s for s in found if len(s) >= _SHORTEST_SECRET and _is_secret(s))


def has_password(text: str) -> bool:
    """Return whether a URL of ``text`` has a password that is no variable, however short it is."""
    passwords = (
        text[start : end - 1].partition(":")[2]
        for kind in (userinfo.PLAIN, userinfo.BROKEN)
        for start, end in kind.find(text)
    )
    return any(password and _is_secret(password) for password in passwords)


def _is_secret(text: str) -> bool:
    return text not in PUBLIC and not (text.startswith("${") and text.endswith("}"))


def _parts(value: str) -> Iterator[str]:
    """Return a secret value and what is secret in it, when it is half a URL or a whole one."""
    user, _, password = value.partition(":")
    parts = {value, *secrets(value), *secrets(f"https://{value}@host/")}
    if "://" not in value and password and user not in PUBLIC:
        parts.add(password)
    parts |= {pair.partition("=")[2] for pair in value.split("&") if "=" in pair}
    parts |= {unquote(part) for part in parts}
    yield from (part for part in parts if len(part) >= _SHORTEST_VALUE and part not in PUBLIC)


def _quoted(part: str) -> set[str]:
    return {part, quote(part), quote(part, safe=""), quote_plus(part)}


def _encoded(part: str) -> Iterator[str]:
    """Return the base64 of a value wherever it begins, as after ``user:`` in a header."""
    value = part.encode(errors="surrogateescape")
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + value).decode()
        # Characters that also hold bits of what stands before or behind are not its own.
        own = whole[-(-shift * 8 // 6) : (shift + len(value)) * 8 // 6]
        if len(own) >= _SHORTEST_BASE64:
            yield from {own, own.replace("+", "-").replace("/", "_")}


def _without_run(text: str, encoded: str) -> str:
    """Hide all of a base64 word that holds ``encoded``."""
    start = text.find(encoded)
    while start >= 0:
        end = start + len(encoded)
        while start > 0 and text[start - 1] in _BASE64:
            start -= 1
        while end < len(text) and text[end] in _BASE64:
            end += 1
        text = f"{text[:start]}{HIDDEN}{text[end:]}"
        start = text.find(encoded, start + len(HIDDEN))
    return text

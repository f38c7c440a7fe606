"""Which user and password a file's server gets: those that stand in a URL of its own origin."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

import httpx

Login = tuple[str, str]
"""User and password."""

_VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
# Not the URLs of git: what git may read is nothing that an index should be told.
_WEB = re.compile(r"(?<!\+)\bhttps?://[^\s\"'<>]+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Address:
    """A URL that may be asked, and how."""

    url: httpx.URL
    """It holds no user information."""
    login: Login | None
    """What its origin, and no other, is shown."""


class Access:
    """The credentials that the arguments of a build hold.

    Args:
        tokens: The arguments; they may hold variables.
        values: The variables' values.
    """

    def __init__(self, tokens: Iterable[str], values: Mapping[str, str]) -> None:
        self._values = values
        found = (match[0] for token in tokens for match in _WEB.finditer(self._expanded(token)))
        urls = (url for text in found if (url := _parsed(text)))
        self._known = [url for url in urls if url.userinfo]

    def address(self, written: str) -> Address | None:
        """Return what a URL means, or None if it is none.

        Args:
            written: The URL; it may hold variables, and be one.
        """
        url = _parsed(self._expanded(written))
        if url is None:
            return None
        bare = url.copy_with(userinfo=b"", fragment=None)
        return Address(url=bare, login=_login(url) if url.userinfo else self._found(bare))

    def _found(self, url: httpx.URL) -> Login | None:
        """Return the login of the URL that has most of its path in common, as pip does it."""
        same = [known for known in self._known if origin(known) == origin(url)]
        if not same:
            return None
        return _login(max(same, key=lambda known: _shared(known.path, url.path)))

    def _expanded(self, text: str) -> str:
        return _VARIABLE.sub(lambda match: self._values.get(match[1], match[0]), text)


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Return what must be equal for credentials to go there, too."""
    port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.host, port


def _parsed(text: str) -> httpx.URL | None:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return None
    return url if url.scheme in {"http", "https"} and url.host else None


def _login(url: httpx.URL) -> Login:
    user, _, password = url.userinfo.decode("ascii", "ignore").partition(":")
    return unquote(user), unquote(password)


def _shared(one: str, other: str) -> int:
    """Return how many folders two paths have in common."""
    count = 0
    for left, right in zip(one.strip("/").split("/"), other.strip("/").split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count

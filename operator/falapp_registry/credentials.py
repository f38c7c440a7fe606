"""Credentials as `docker login` writes them, and as Secrets of type dockerconfigjson hold them.

They are found as the kubelet finds them, so that what pulls an image in a pod pulls it here. The
credential helpers of `docker login` are programs of a user's machine: a file that names only those
holds no credentials for us.
"""

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self

from falapp_registry.errors import CredentialsError
from falapp_registry.reference import canonical_host


@dataclass(frozen=True, kw_only=True)
class Login:
    """What one registry wants to see."""

    username: str = ""
    password: str = ""
    token: str = ""
    """An identity token: it stands for user and password, and only the token service takes it."""

    def __repr__(self) -> str:
        return "Login(…)"

    @property
    def basic(self) -> str:
        """The value of an Authorization header; empty where there is no password."""
        if not self.password:
            return ""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


@dataclass(frozen=True, kw_only=True)
class _Entry:
    host: str
    path: str
    login: Login

    def fits(self, host: str, repository: str) -> bool:
        return _host_fits(self.host, host) and repository.startswith(self.path)


class Credentials:
    """The logins of a file, by registry and path."""

    def __init__(self, entries: Iterable[_Entry] = ()) -> None:
        # As in the kubelet: the longest path first, and a host before a pattern that it fits.
        self._entries = sorted(
            entries, key=lambda e: (-len(e.path), e.host.count("*"), -len(e.host), e.host)
        )

    def __repr__(self) -> str:
        return f"Credentials({len(self._entries)} logins)"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return what a file holds; without the file, no logins.

        Raises:
            CredentialsError: It is no such file.
        """
        try:
            return cls.parse(path.read_bytes())
        except FileNotFoundError:
            return cls()
        except OSError as error:
            raise CredentialsError(f"{path} cannot be read ({error.strerror})") from error
        except CredentialsError as error:
            raise CredentialsError(f"{path} {error}") from None

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Return what a file's content holds.

        Raises:
            CredentialsError: It is not what `docker login` writes; the text lacks the file's name.
        """
        try:
            auths = dict(json.loads(content).get("auths") or {})
            return cls([_entry(key, dict(value or {})) for key, value in auths.items()])
        # Without its cause: that would quote what the file holds.
        except (ValueError, TypeError, AttributeError):
            message = 'is no Docker configuration: {"auths": {"registry.example": {"auth": "…"}}}'
            raise CredentialsError(message) from None

    def find(self, host: str, repository: str) -> Login | None:
        """Return the login for a repository of a registry, or None."""
        host = canonical_host(host)
        return next((e.login for e in self._entries if e.fits(host, repository)), None)


def _entry(key: str, value: dict[str, Any]) -> _Entry:
    _, _, rest = key.rpartition("://")
    host, _, path = rest.partition("/")
    # The addresses of the API's two versions mean the whole registry.
    for version in ("v1", "v2"):
        if path == version or path.startswith(f"{version}/"):
            path = path.removeprefix(version).removeprefix("/")
    return _Entry(host=canonical_host(host), path=path, login=_login(value))


def _login(value: dict[str, Any]) -> Login:
    username, password = str(value.get("username") or ""), str(value.get("password") or "")
    if encoded := str(value.get("auth") or ""):
        username, password = _decoded(encoded)
    token = str(value.get("identitytoken") or "")
    return Login(username=username, password=password, token=token)


def _decoded(auth: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(auth + "=" * (-len(auth) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("auth") from None
    username, _, password = text.partition(":")
    return username, password.rstrip("\0")


def _host_fits(pattern: str, host: str) -> bool:
    """Tell whether a host fits, label by label: `*` in a pattern stands for one label's letters."""
    wanted, found = pattern.split("."), host.split(".")
    return len(wanted) == len(found) and all(map(fnmatchcase, found, wanted))

"""Credentials that stand in requirements as they are: taken out, with a variable in their place.

What is left names the same packages: a rotated token or an address that was signed anew leaves it
as it was.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from falapp_requirements import redact
from falapp_requirements.variables import RESERVED, names

PREFIX = f"{RESERVED}CREDENTIAL_"
"""How the names of credentials begin; a number follows."""

_URL = re.compile(
    r"(?P<start>(?:git\+)?https?://)(?P<userinfo>[^\s/?#]*@)?(?P<path>[^\s?#]*)(?P<query>\?[^\s#]*)?",
    re.IGNORECASE,
)
_LONE_USERS = frozenset({"git", *redact.PUBLIC})
_SIGNED = ("x-amz-", "x-goog-", "x-oss-", "x-cos-", "q-sign-")
_ALWAYS = frozenset(
    {
        *("signature", "sig", "awsaccesskeyid", "googleaccessid", "ossaccesskeyid"),
        *("token", "access_token", "private_token", "auth_token", "authtoken", "id_token"),
        *("job_token", "security-token", "jwt", "key", "api_key", "apikey", "api-key"),
        *("access_key", "auth", "authorization", "password", "passwd", "secret"),
        *("client_secret", "credential", "credentials"),
    }
)
# Words too short or too common to say anything without a signature beside them.
_BESIDE_SIGNATURE = frozenset(
    {
        *("expires", "policy", "key-pair-id", "hash-algorithm"),
        *("se", "sp", "sv", "sr", "st", "spr", "sip", "ss", "srt", "si", "ses", "scid", "sdd"),
        *("saoid", "suoid", "sduoid", "skoid", "sktid", "skt", "ske", "sks", "skv"),
    }
)
_SIGNATURES = frozenset({"sig", "signature"})


@dataclass(frozen=True, kw_only=True)
class Separated:
    """Requirements without literal credentials, and these."""

    layers: tuple[tuple[str, ...], ...]
    """The layers, with ``${FALAPP_CREDENTIAL_1}`` and so on."""
    values: dict[str, str] = field(default_factory=dict, repr=False)
    """The credentials by name."""
    exposed: tuple[str, ...] = ()
    """The items that hold one, redacted."""


def separated(layers: Iterable[Iterable[str]]) -> Separated:
    """Return the layers with every literal credential replaced, numbered in order."""
    given = tuple(tuple(layer) for layer in layers)
    used = {name for layer in given for name in names(layer)}
    fresh = (name for name in _numbered() if name not in used)
    values: dict[str, str] = {}
    exposed: list[str] = []

    def replaced(token: str) -> str:
        before = len(values)
        found = _URL.sub(lambda match: _without(match, fresh, values), token, count=1)
        if len(values) > before:
            exposed.append(redact.item(token))
        return found

    result = tuple(tuple(replaced(token) for token in layer) for layer in given)
    return Separated(layers=result, values=values, exposed=tuple(exposed))


def _numbered() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"{PREFIX}{number}"


def _without(match: re.Match[str], fresh: Iterator[str], values: dict[str, str]) -> str:
    def taken(text: str) -> str:
        name = next(fresh)
        values[name] = text
        return f"${{{name}}}"

    userinfo = match["userinfo"] or ""
    keep, literal = _split_userinfo(userinfo[:-1])
    if literal:
        userinfo = f"{keep}{taken(literal)}@"
    query = match["query"] or ""
    kept, signed = _split_query(query[1:])
    if signed:
        query = "?" + "&".join([*kept, taken("&".join(signed))])
    return f"{match['start']}{userinfo}{match['path']}{query}"


def _split_userinfo(text: str) -> tuple[str, str]:
    """Return what may stay of user information, and what is secret in it."""
    user, colon, password = text.partition(":")
    if "${" in password or (not password and ("${" in user or user in _LONE_USERS)):
        return text, ""
    if "${" in user:
        return (text, "") if password in redact.PUBLIC else (f"{user}{colon}", password)
    return "", text


def _split_query(query: str) -> tuple[list[str], list[str]]:
    """Return the parameters that say which file it is, and those that let it be read."""
    pairs = [pair for pair in query.split("&") if pair]
    is_signed = any(_key(pair) in _SIGNATURES for pair in pairs)
    signed = [pair for pair in pairs if _is_credential(pair, is_signed=is_signed)]
    return [pair for pair in pairs if pair not in signed], signed


def _is_credential(pair: str, *, is_signed: bool) -> bool:
    key, value = _key(pair), pair.partition("=")[2]
    if not value or "${" in value:
        return False
    if key in _ALWAYS or key.startswith(_SIGNED):
        return True
    return is_signed and key in _BESIDE_SIGNATURE


def _key(pair: str) -> str:
    return pair.partition("=")[0].lower()

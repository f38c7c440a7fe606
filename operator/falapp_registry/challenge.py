"""What a registry answers to who is not known: the WWW-Authenticate header."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_SCHEMES = re.compile(r"(?:^|,)\s*(basic|bearer)\b\s*", re.IGNORECASE)
_PARAMETERS = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """One way that the registry offers."""

    scheme: str
    """`basic` or `bearer`."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """For bearer: realm, service, scope."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the token must allow, one by one."""
        return tuple(self.parameters.get("scope", "").split())


def best(headers: Iterable[str]) -> Challenge | None:
    """Return the best way that the headers offer: a token before a password on every request."""
    offered = [challenge for header in headers for challenge in _challenges(header)]
    return max(offered, key=lambda c: c.scheme == "bearer", default=None)


def _challenges(header: str) -> Iterable[Challenge]:
    _, *parts = _SCHEMES.split(header)
    for scheme, text in zip(parts[::2], parts[1::2], strict=True):
        parameters = {
            name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
            for name, quoted, plain in _PARAMETERS.findall(text)
        }
        yield Challenge(scheme=scheme.lower(), parameters=parameters)

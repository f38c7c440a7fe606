"""Finds out whether this machine trusts more than its distribution does.

Behind a TLS proxy with a company's own certificate authority, package downloads inside
containers fail unless that authority is trusted there too.
"""

import re
from collections.abc import Iterable
from pathlib import Path

BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
DISTRIBUTION = Path("/usr/share/ca-certificates")
"""Debian keeps its own authorities here, and local ones in /usr/local/share/ca-certificates."""

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


def certificates(text: str) -> frozenset[str]:
    """Give the certificates of a PEM text, free of line breaks and comments."""
    return frozenset("".join(body.split()) for body in _CERTIFICATE.findall(text))


def beyond(bundle: str, distribution: Iterable[str]) -> frozenset[str]:
    """Give the certificates of the bundle that the distribution does not have."""
    known = frozenset[str]().union(*(certificates(text) for text in distribution))
    return certificates(bundle) - known


def bundle(path: Path = BUNDLE, distribution: Path = DISTRIBUTION) -> Path | None:
    """Give the host's bundle if it holds more than the distribution's own certificates."""
    if not path.exists() or not distribution.is_dir():
        return None  # not Debian: nothing to compare with, so nothing is claimed
    own = (file.read_text(errors="replace") for file in distribution.rglob("*.crt"))
    return path if beyond(path.read_text(errors="replace"), own) else None

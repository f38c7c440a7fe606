"""Whom to trust: the base image's certificate authorities and the cluster's own, in one file."""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

from falapp_builder.pod.places import Places

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",
)
# uv and most clients; git; what setup.py files use
_VARIABLES = ("SSL_CERT_FILE", "GIT_SSL_CAINFO", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")


def bundle(places: Places, variables: Mapping[str, str] = os.environ) -> bytes:
    """Return the certificates to trust, in PEM form."""
    own = _content(places.authority)
    named = (variables.get("SSL_CERT_FILE"), ssl.get_default_verify_paths().cafile, *_BUNDLES)
    found = (_content(Path(name)) for name in named if name)
    base = next((pem for pem in found if pem), b"") or _content(places.fallback_bundle)
    return b"\n".join(pem for pem in (base, own) if pem)


def variables(places: Places, folder: Path) -> dict[str, str]:
    """Write the bundle into ``folder`` and return the environment that makes tools use it."""
    pem = bundle(places)
    if not pem:
        return {}
    path = folder / "ca.crt"
    path.write_bytes(pem)
    return dict.fromkeys(_VARIABLES, str(path))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""

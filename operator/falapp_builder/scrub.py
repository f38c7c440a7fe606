"""Installed packages tell where they came from; credentials in that must not enter the image.

Installers drop user information from direct_url.json and keep the query string, which is where a
pre-signed URL has its signature.
"""

import base64
import hashlib
import json
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

_NAME = "direct_url.json"


def scrub(environment: Path) -> int:
    """Clean every direct_url.json of a venv; return how many held something to remove."""
    found = environment.glob(f"lib/python*/site-packages/*.dist-info/{_NAME}")
    return sum(_scrubbed(path) for path in sorted(found))


def clean(url: str) -> str:
    """Return a URL without user information and query string."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", parts.fragment))


def _scrubbed(path: Path) -> bool:
    data = json.loads(path.read_text(encoding="utf-8"))
    url = clean(data["url"])
    if url == data["url"]:
        return False
    content = json.dumps({**data, "url": url}).encode()
    path.write_bytes(content)
    _record(path, content)
    return True


def _record(path: Path, content: bytes) -> None:
    """Note the new content in RECORD, so that the package still verifies."""
    record = path.with_name("RECORD")
    entry = f"{path.parent.name}/{_NAME}"
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    lines = record.read_text(encoding="utf-8").splitlines()
    new = f"{entry},sha256={digest},{len(content)}"
    record.write_text(
        "".join(f"{new if line.startswith(entry + ',') else line}\n" for line in lines),
        encoding="utf-8",
    )

"""direct_url.json, which tells where a package that is not from an index came from: PEP 610.

What installers write there would be the file in the build pod, and it holds what credentials a URL
had; so it is written anew, from what the user wrote, without user information and query.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from falapp_builder.plan.wheels import Choice


def told(choice: Choice) -> Mapping[str, Any] | None:
    """Return what direct_url.json tells of a package, None for one from an index."""
    package, file = choice.package, choice.file
    data: dict[str, Any] = {}
    if package.git:
        data = {"url": clean(package.git.url), "vcs_info": _vcs(package.git.commit, package.url)}
    elif package.url and file:
        hashes = {"hash": f"sha256={file.sha256}", "hashes": {"sha256": file.sha256}}
        data = {"url": clean(package.url), "archive_info": hashes}
    # A variable that is the whole URL says nothing outside of the build.
    if not data or "$" in data["url"]:
        return None
    return data | ({"subdirectory": package.subdirectory} if package.subdirectory else {})


def clean(url: str) -> str:
    """Return a URL without user information, query string and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _vcs(commit: str, written: str) -> dict[str, str]:
    told = {"vcs": "git", "commit_id": commit}
    revision = urlsplit(written).path.rpartition("@")
    return told | ({"requested_revision": revision[2]} if revision[1] else {})

"""Web addresses in requirements: what they may be, and where they end."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
EXTRAS = r"(?:\s*\[[A-Za-z0-9._,\s-]*\])?"
VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
INDEX = ("https", "http")
"""The schemes of indexes."""
PACKAGE = (*INDEX, "git+https", "git+http")
"""The schemes of packages."""

_AT = re.compile(rf"(?P<head>{NAME}{EXTRAS})\s*@\s*(?P<rest>\S.*)")
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):")
_LED = re.compile(rf"(?:git\+)?{VARIABLE.pattern}")
# A marker after white space, a semicolon, or both; a semicolon alone belongs to the address.
_ENDED = re.compile(r"(?P<url>\S+?)(?:\s*;\s+(?P<m>\S.*)|\s+;(?P<n>\S.*))?")
_UNSAFE = re.compile(r"[\"'<>\\^`{|};]")
_BRACKET = re.compile(r"[\[\]]")
_AUTHORITY = re.compile(r"^[^/]*//[^/?#]*")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_EGG = re.compile(r"[#&]egg=([^&]*)")
_WEAK = ("md5", "sha1", "sha224", "sha384", "sha512", "blake2b")

Complaint = tuple[str, str]
"""Why something is refused, and the way out."""

OUTSIDE: Complaint = (
    "is a path",
    "a build sees no file of yours: give name==version, or the https URL of a wheel or of git",
)
_ADDRESS = "give https://… to a wheel or an archive, or git+https://…"


@dataclass(frozen=True, kw_only=True)
class Direct:
    """A requirement that names an address."""

    head: str
    """The name with its extras, empty where there is only an address."""
    url: str
    """The address, without the marker; empty where a space makes it unclear where it ends."""
    marker: str
    """The condition behind the semicolon, or nothing."""

    @property
    def line(self) -> str:
        """The requirement as uv and pip both read it."""
        start = f"{self.head} @ {self.url}" if self.head else self.url
        return f"{start} ; {self.marker}" if self.marker else start


def direct(token: str) -> Direct | None:
    """Return the parts of a requirement that names an address, or None."""
    if match := _AT.fullmatch(token):
        head, rest = match["head"], match["rest"]
    elif _SCHEME.match(token) or led(token):
        head, rest = "", token
    else:
        return None
    ended = _ENDED.fullmatch(rest)
    if ended is None:
        return Direct(head=head, url="", marker="")
    return Direct(head=head, url=ended["url"], marker=(ended["m"] or ended["n"] or "").strip())


def led(url: str) -> bool:
    """Return whether an address begins with a variable, so that nothing is known of it."""
    return _LED.match(url) is not None


def complaint(url: str, schemes: tuple[str, ...]) -> Complaint | None:
    """Return why an address is refused, or None. Variables in it may stand for anything."""
    if found := _scheme_complaint(url, schemes):
        return found
    bare = VARIABLE.sub("1", url)
    found = _egg_complaint(bare) or _unsafe_complaint(bare)
    if not led(url):
        found = found or _host_complaint(bare, schemes)
    if bare.lower().startswith("git+"):
        found = found or _git_complaint(bare)
    return found


def _scheme_complaint(url: str, schemes: tuple[str, ...]) -> Complaint | None:
    if led(url):
        fitting = not url.startswith("git+") or "git+https" in schemes
        return None if fitting else ("is at an address of git", "give the https URL of an index")
    match = _SCHEME.match(url)
    word = match["scheme"].lower() if match else ""
    if match is None or word == "file" or word.endswith("+file") or len(word) == 1:
        return OUTSIDE
    if word == "git+ssh":
        return "needs an SSH key, and a build has none", "give git+https://…"
    if word not in schemes or not url[match.end() :].startswith("//"):
        return "is at an address that a build cannot read", _ADDRESS
    return None


def _egg_complaint(url: str) -> Complaint | None:
    egg = _EGG.search(url)
    if egg and not re.fullmatch(NAME, egg[1]):
        return "has an egg= that is no package's name", "write name[extra] @ before the URL instead"
    return None


def _unsafe_complaint(url: str) -> Complaint | None:
    # An IPv6 address is the only place for brackets; pip would read others as extras.
    unsafe = _UNSAFE.search(url) or _BRACKET.search(_AUTHORITY.sub("", url))
    if unsafe is None:
        return None
    way_out = f"write it as %{ord(unsafe[0]):02X}"
    way_out += ", and a marker behind a space and a semicolon" if unsafe[0] == ";" else ""
    return f"holds {unsafe[0]} in its URL, which means something else there", way_out


def _host_complaint(url: str, schemes: tuple[str, ...]) -> Complaint | None:
    try:
        parts = urlsplit(url)
        reachable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        reachable = False
    if not reachable:
        way_out = "give https://host/…, with / ? # @ in a password as %2F %3F %23 %40"
        return "has no host or port that can be read", way_out
    if schemes == PACKAGE and not parts.path.strip("/"):
        return "names a host and no file on it", _ADDRESS
    return None


def _git_complaint(url: str) -> Complaint | None:
    path = url.partition("#")[0].partition("://")[2].partition("/")[2]
    _, at, revision = path.rpartition("@")
    if at and (not revision or revision.startswith("-")):
        return "names no revision after the @", "give a tag, a branch or a commit, as @v1.0"
    folder = unquote(fragment(url).get("subdirectory", ""))
    if folder.startswith("/") or ".." in folder.split("/"):
        return "leaves its repository", "give subdirectory= a folder inside it"
    return None


def fragment(url: str) -> dict[str, str]:
    """Return what follows the # of an address."""
    pairs = (pair.partition("=") for pair in url.partition("#")[2].split("&"))
    return {key: value for key, _, value in pairs if key}


def hash_complaint(url: str) -> Complaint | None:
    """Return why the hash that an address holds is refused, or None."""
    found = fragment(url)
    weak = next((word for word in _WEAK if word in found), "")
    digest = found.get("sha256")
    if weak or (digest is not None and not _DIGEST.fullmatch(digest.lower())):
        why = "has a hash that is not SHA-256" if weak else "has a hash of the wrong length"
        return why, "give #sha256= and 64 hexadecimal digits, or no hash"
    if digest is not None and url.startswith("git+"):
        return "has a hash, and git has none", "give the commit after the @ instead"
    return None


def told(url: str) -> str:
    """Return the package's name as far as the address tells it, or nothing."""
    if egg := re.match(NAME, fragment(url).get("egg", "")):
        return egg[0]
    file = unquote(urlsplit(VARIABLE.sub("1", url)).path.rpartition("/")[2])
    found = re.match(NAME, file.partition("-")[0]) if file.endswith(".whl") else None
    return found[0] if found else ""

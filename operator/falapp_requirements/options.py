"""The pip options that an environment accepts: where to look, and which files to take."""

import re
from dataclasses import dataclass, field, replace

from falapp_requirements import urls
from falapp_requirements.refusals import REASONS

INDEX_URL = "--index-url"
EXTRA_INDEX_URL = "--extra-index-url"
FIND_LINKS = "--find-links"
PRE = "--pre"
NO_BINARY = "--no-binary"
ONLY_BINARY = "--only-binary"
NO_BUILD_ISOLATION = "--no-build-isolation"
HASH = "--hash"

URLS = (INDEX_URL, EXTRA_INDEX_URL, FIND_LINKS)
"""The options whose value is a web address."""
PACKAGES = (NO_BINARY, ONLY_BINARY)
"""The options whose value names packages."""
FLAGS = (PRE, NO_BUILD_ISOLATION)
"""The options without a value."""
ACCEPTED = (*URLS, *PACKAGES, *FLAGS)
"""All of them."""

_ALIASES = {"-i": INDEX_URL, "-f": FIND_LINKS, "--pypi-url": INDEX_URL}
_LIST = re.compile(rf":all:|:none:|{urls.NAME}")
_HASH = re.compile(r"sha256:[0-9a-fA-F]{64}")


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option, as it was written."""

    name: str
    """Its full name."""
    value: str = ""
    """Its value, empty where it takes none."""
    text: str = field(default="", repr=False)
    """The value for an installer: with the values of variables in it."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What all options of a layer mean together."""

    index_url: str = ""
    """Instead of the public index; the last one given counts, as for pip."""
    extra_index_urls: tuple[str, ...] = ()
    """Beside the index."""
    find_links: tuple[str, ...] = ()
    """Pages with links to packages."""
    prerelease: bool = False
    """Whether development versions may be chosen."""
    no_binary: tuple[str, ...] = ()
    """Packages whose wheels are left alone."""
    only_binary: tuple[str, ...] = ()
    """Packages of which only wheels are used."""
    isolated: bool = True
    """Whether a package is built apart from the others."""

    def plus(self, name: str, value: str) -> "Options":
        """Return these options and one more."""
        if name in FLAGS:
            return replace(self, prerelease=True) if name == PRE else replace(self, isolated=False)
        if name in PACKAGES:
            return self._with_packages(name, value.split(","))
        if name == INDEX_URL:
            return replace(self, index_url=value)
        if name == FIND_LINKS:
            return replace(self, find_links=(*self.find_links, value))
        return replace(self, extra_index_urls=(*self.extra_index_urls, value))

    def _with_packages(self, name: str, packages: list[str]) -> "Options":
        if name == NO_BINARY:
            return replace(self, no_binary=(*self.no_binary, *packages))
        return replace(self, only_binary=(*self.only_binary, *packages))

    @property
    def arguments(self) -> list[str]:
        """The options that uv takes as arguments, but for `isolated`: each step has its own."""
        pairs = [(NO_BINARY, p) for p in self.no_binary]
        pairs += [(ONLY_BINARY, p) for p in self.only_binary]
        return [f"{name}={package}" for name, package in pairs]

    @property
    def variables(self) -> dict[str, str]:
        """The options that may hold credentials: in uv's environment `ps` does not show them."""
        found = {
            "UV_INDEX_URL": self.index_url,
            "UV_EXTRA_INDEX_URL": " ".join(self.extra_index_urls),
            "UV_FIND_LINKS": ",".join(url.replace(",", "%2C") for url in self.find_links),
            "UV_PRERELEASE": "allow" if self.prerelease else "",
        }
        return {name: value for name, value in found.items() if value}


def split(token: str) -> tuple[str, str | None]:
    """Return an option's full name and its value, if the token holds one."""
    short = re.fullmatch(r"(-[A-Za-z])\s*(.*)", token)
    if short:
        name, value = short[1], short[2]
        return _ALIASES.get(name, name), value or None
    parts = re.split(r"[=\s]\s*", token, maxsplit=1)
    return _ALIASES.get(parts[0], parts[0]), parts[1] if len(parts) == 2 else None


def takes_value(name: str) -> bool:
    """Return whether an option needs a value."""
    return name not in FLAGS


def example(name: str) -> str:
    """Return how an option is written."""
    if name == HASH:
        return f"{name}=sha256:…"
    return f"{name}=:all:" if name in PACKAGES else f"{name}=https://…"


def complaint(name: str, value: str | None) -> urls.Complaint | None:
    """Return why an option is refused and the way out, or None."""
    if name in REASONS:
        return REASONS[name]
    if name not in (*ACCEPTED, HASH):
        accepted = ", ".join(ACCEPTED)
        return "is an option that an environment does not accept", f"it accepts {accepted}"
    if name in FLAGS and value is not None:
        return "takes no value", f"write {name} alone, and what follows as items of their own"
    return None


def value_complaint(name: str, value: str) -> urls.Complaint | None:
    """Return why the value of an accepted option is refused and the way out, or None."""
    if name in URLS:
        return _url_complaint(name, value)
    if "${" in value:
        return "has ${…} outside of a URL", "write the value: variables stand in URLs only"
    if name == HASH and not _HASH.fullmatch(value):
        return "is not a SHA-256 hash", "write --hash=sha256: and 64 hexadecimal digits"
    if name in PACKAGES and not all(_LIST.fullmatch(p) for p in value.split(",")):
        way_out = f"write {name}=:all:, or names of packages with commas between them"
        return "does not name packages", way_out
    return None


def _url_complaint(name: str, value: str) -> urls.Complaint | None:
    if re.search(r"\s", value):
        why = "does not name a web address, but holds a space"
        return why, "write one option an item, and a space in a URL as %20"
    found = urls.complaint(value, urls.INDEX)
    if found is None or found[1].startswith("write it as"):
        return found
    return f"does not name a web address that a build can ask: it {found[0]}", (
        f"write {example(name)}, with / ? # @ in a password as %2F %3F %23 %40"
    )

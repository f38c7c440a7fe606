"""The pip options that an environment accepts, and why it does not accept the others."""

import re
from dataclasses import dataclass, replace

INDEX_URL = "--index-url"
EXTRA_INDEX_URL = "--extra-index-url"
FIND_LINKS = "--find-links"
PRE = "--pre"
NO_BINARY = "--no-binary"
ONLY_BINARY = "--only-binary"

_SHORT = {"-i": INDEX_URL, "-f": FIND_LINKS, "--pypi-url": INDEX_URL}
_URLS = (INDEX_URL, EXTRA_INDEX_URL, FIND_LINKS)
_PACKAGES = (NO_BINARY, ONLY_BINARY)
_ACCEPTED = (*_URLS, PRE, *_PACKAGES)

_FILES = "reads a file, and a build sees no file of yours"
_ANEW = "means nothing here, since an environment is always made anew"
_PLACE = "would install elsewhere than into the environment"
_LOCKED = "is how every package is installed anyway, from a lock with hashes"
_REFUSED = {
    ("-r", "--requirement"): (_FILES, "list its lines as items"),
    ("-c", "--constraint"): (_FILES, "list the versions as requirements"),
    ("-e", "--editable"): ("installs a folder to be edited", "give git+https://… without -e"),
    ("--no-index",): ("leaves no index to ask", "leave it out"),
    ("--trusted-host",): (
        "turns off the check of certificates",
        "leave it out, and give the operator the CA bundle (chart value for a custom CA)",
    ),
    ("-U", "--upgrade", "--force-reinstall", "-I", "--ignore-installed", "--no-cache-dir"): (
        _ANEW,
        "leave it out",
    ),
    ("-t", "--target", "--prefix", "--root", "--user", "--src"): (_PLACE, "leave it out"),
    ("--require-hashes", "--hash"): (_LOCKED, "leave it out"),
    ("--no-build-isolation",): (
        "is not supported yet",
        "give the URL of a wheel, which needs no building",
    ),
    ("--no-deps",): ("is not supported yet", "leave it out"),
}
_REASONS = {name: reason for names, reason in _REFUSED.items() for name in names}
_LIST = re.compile(r":all:|:none:|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_WEB = re.compile(r"https?://[^\s/?#]\S*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Where packages come from, and which of their files may be used."""

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

    def plus(self, name: str, value: str) -> "Options":
        """Return these options and one more."""
        if name == INDEX_URL:
            return replace(self, index_url=value)
        if name == PRE:
            return replace(self, prerelease=True)
        if name == NO_BINARY:
            return replace(self, no_binary=(*self.no_binary, *value.split(",")))
        if name == ONLY_BINARY:
            return replace(self, only_binary=(*self.only_binary, *value.split(",")))
        if name == FIND_LINKS:
            return replace(self, find_links=(*self.find_links, value))
        return replace(self, extra_index_urls=(*self.extra_index_urls, value))

    @property
    def arguments(self) -> list[str]:
        """The options that uv takes as arguments."""
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
        return _SHORT.get(name, name), value or None
    parts = re.split(r"[=\s]\s*", token, maxsplit=1)
    return _SHORT.get(parts[0], parts[0]), parts[1] if len(parts) == 2 else None


def takes_value(name: str) -> bool:
    """Return whether an option needs a value."""
    return name != PRE


def example(name: str) -> str:
    """Return how an option is written."""
    return f"{name}=:all:" if name in _PACKAGES else f"{name}=https://…"


def complaint(name: str, value: str | None) -> tuple[str, str] | None:
    """Return why an option is refused and the way out, or None."""
    if name in _REASONS:
        return _REASONS[name]
    if name not in _ACCEPTED:
        accepted = ", ".join(_ACCEPTED)
        return "is an option that an environment does not accept", f"it accepts {accepted}"
    if name == PRE and value is not None:
        return "takes no value", "write --pre alone"
    return None


def value_complaint(name: str, value: str | None) -> tuple[str, str] | None:
    """Return why the value of an accepted option is refused and the way out, or None."""
    if name in _URLS and not _WEB.fullmatch(value or ""):
        return "does not name a web address", f"write {example(name)}"
    if name in _PACKAGES and not all(_LIST.fullmatch(p) for p in (value or "").split(",")):
        way_out = f"write {name}=:all:, or names of packages with commas between them"
        return "does not name packages", way_out
    return None

"""Addresses without what is secret in them: as the user wrote them, or with less."""

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from falapp_builder.resolve.lock import Package
from falapp_requirements import credentials, urls, variables
from falapp_requirements.tokens import Arguments, Requirement


class Origins:
    """Where the packages of a layer come from, fit to be written down.

    Args:
        arguments: The layer, expanded.
        values: The values of variables.
    """

    def __init__(self, arguments: Arguments, values: Mapping[str, str]) -> None:
        self._values = {name: value for name, value in values.items() if value}
        self._asked = [(bare(address(r)), r) for r in arguments.requirements if r.url]
        options = (i for i in arguments.items if not isinstance(i, Requirement))
        self._indexes = [bare(o.text) for o in options if variables.names([o.value])]

    def asked(self, package: Package) -> Requirement | None:
        """Return the requirement whose address a package comes from, if the user wrote one."""
        if not package.direct:
            return None
        found = bare(package.repository or package.files[0].url)
        same = [r for url, r in self._asked if url == found]
        named = [r for r in same or [r for _, r in self._asked] if r.name == package.name]
        return next(iter(named or same), None)

    def link(self, url: str) -> str:
        """Return the address of a file for who has the credentials."""
        return self._named(_stripped(url))

    def download(self, url: str, asked: Requirement | None) -> str:
        """Return the address of what an address names: with variables, where the user wrote them.

        Args:
            url: The address that the installer gives.
            asked: The requirement that has it.
        """
        written = asked.url if asked and variables.names([asked.url]) else ""
        literal = credentials.separated([[written]]).values  # the operator leaves none
        return _plain(written) if written and not literal else self.link(url)

    def shown(self, url: str, asked: Requirement | None) -> str:
        """Return an address as the user wrote it, or else as it is, fit for direct_url.json."""
        return _stripped(asked.url) if asked else self.link(url)

    def secret(self, package: Package, asked: Requirement | None) -> bool:
        """Return whether a package came by an address that uses a variable."""
        if asked and variables.names([asked.url]):
            return True
        found = [package.repository, package.page, *(file.url for file in package.files)]
        if any(value in url for value in self._values.values() for url in found):
            return True
        if package.direct or not self._indexes:
            return False
        # Where nobody can tell which index a package came from, it may be the secret one.
        return not package.page or any(bare(package.page).startswith(i) for i in self._indexes)

    def _named(self, url: str) -> str:
        """Put the names of variables in the place of their values."""
        for name, value in sorted(self._values.items(), key=lambda v: -len(v[1])):
            url = url.replace(value, f"${{{name}}}")
        return url


def address(requirement: Requirement) -> str:
    """Return the address that an installer reads."""
    direct = urls.direct(requirement.line)
    return direct.url if direct else ""


def bare(url: str) -> str:
    """Return what tells one address from another: neither credentials nor fragment nor revision."""
    git = url.startswith("git+")
    parts = urlsplit(url.removeprefix("git+"))
    path = parts.path.rpartition("@")[0] or parts.path if git else parts.path
    host = parts.netloc.rpartition("@")[2].lower()
    return urlunsplit((parts.scheme, host, path.rstrip("/"), "", ""))


def _plain(url: str) -> str:
    """Return the address of a file or a repository, as it was written."""
    url = url.partition("#")[0]
    if not url.startswith("git+"):
        return url
    start, _, path = url.removeprefix("git+").partition("://")
    host, slash, path = path.partition("/")
    return f"{start}://{host}{slash}{path.rpartition('@')[0] or path}"


def _stripped(url: str) -> str:
    """Leave out user information, the fragment, and what of a query is secret."""
    parts = urlsplit(credentials.separated([[url.partition("#")[0]]]).layers[0][0])
    query = "&".join(pair for pair in parts.query.split("&") if "${" not in pair)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))

"""The forms in which a requirement can hold a secret, and the ways in which using it can end."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.leaks.canary import LENGTH, Canaries
from tests.servers.packages import module
from tests.servers.start import CLOSED, PORT, Server

FORMS = (
    "index",
    "extra",
    "links",
    "git",
    "forge",
    "wheel",
    "signed",
    "whole",
)
"""--index-url, --extra-index-url, --find-links with name and password; a git token as user, and as
password of x-access-token; a wheel's URL with name and password, or signed; a URL as a whole."""

FAILURES = {
    "401": "AccessDenied",
    "403": "AccessDenied",
    "404": "PackageNotFound",
    "refused": "IndexUnreachable",
    "malformed": "InvalidRequirement",
}
"""The ways to fail, and the reason that each must have."""

MALFORMED = {
    "index": lambda url: url.replace("://", ":/"),
    "extra": lambda url: url.replace("@", " @"),
    "links": lambda url: url.replace("://", "//"),
    "git": lambda url: url.replace("://", "//"),
    "forge": lambda url: url.replace("://", ":"),
    "wheel": lambda url: url.replace("https://", "ttps:///"),
    "signed": lambda url: url.replace("?", " ?"),
    "whole": lambda url: url + "${",
}
"""How people mistype."""

QUERY = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=900&X-Amz-Signature={0}&token={0}"


@dataclass(frozen=True)
class Servers:
    """Where the packages are."""

    index: Server
    git: Server
    store: Server

    def of(self, form: str) -> Server:
        if form in ("git", "forge"):
            return self.git
        return self.store if form == "signed" else self.index


@dataclass(frozen=True)
class Cell:
    """A form, an outcome, and the value that must be nowhere."""

    form: str
    outcome: str
    """A key of FAILURES, or nothing for success."""
    literal: bool
    """Whether the value stands in the requirement itself, or in a Secret."""
    value: str

    @property
    def variable(self) -> str:
        return f"TOKEN_{self.form.upper()}"

    @property
    def package(self) -> str:
        return f"falapp-{self.form}"


def literal(form: str, position: int) -> bool:
    """Return whether a cell's value stands in its requirement: half of them, like a chess board.

    What is malformed costs no build where it stands in the requirement.
    """
    even = (FORMS.index(form) + position) % 2 == 0
    return form != "whole" and (even or position == list(FAILURES).index("malformed"))


def failing(canaries: Canaries) -> list[Cell]:
    """Return a cell for each form and each way to fail."""
    return [
        Cell(form, outcome, literal(form, position), canaries.make())
        for position, outcome in enumerate(FAILURES)
        for form in FORMS
    ]


def succeeding(canaries: Canaries, position: int) -> list[Cell]:
    """Return a cell for each form, which together make one list of requirements."""
    return [Cell(form, "", literal(form, position), canaries.make()) for form in FORMS]


def user(cell: Cell) -> str:
    """Return the name that a server knows a cell by."""
    return f"{cell.form}-{cell.value[LENGTH:-LENGTH]}"


def requirements(cell: Cell, servers: Servers, signed: Mapping[str, str]) -> list[str]:
    """Return the requirements of a cell; ``signed`` are the queries of URLs by value."""
    secret = _told(cell, servers, signed) if cell.literal else f"${{{cell.variable}}}"
    name, file = user(cell), _file(cell)

    def url(end: str, name: str) -> str:
        return _url(cell, servers, end, name)

    told = {
        "index": lambda: ["--index-url", url("simple/", f"{name}:{secret}"), cell.package],
        "extra": lambda: [f"--extra-index-url={url('simple/', f'{name}:{secret}')}", cell.package],
        "links": lambda: [f"--find-links={url('packages/', f'{name}:{secret}')}", cell.package],
        "git": lambda: [f"git+{url(f'{cell.form}.git', secret)}#egg={cell.package}"],
        "forge": lambda: [
            f"{cell.package} @ git+{url(f'{cell.form}.git', f'x-access-token:{secret}')}"
        ],
        "wheel": lambda: [f"{cell.package}@{url(f'packages/{file}', f'{name}:{secret}')}"],
        "signed": lambda: [f"{cell.package} @ {url(f'private/{file}', '')}?{secret}"],
        "whole": lambda: [f"{cell.package} @ {secret}"],
    }[cell.form]()
    malformed = cell.literal and cell.outcome == "malformed"
    return [MALFORMED[cell.form](each) for each in told] if malformed else told


def value(cell: Cell, servers: Servers, signed: Mapping[str, str]) -> str:
    """Return what a cell's Secret holds."""
    told = _told(cell, servers, signed)
    return MALFORMED[cell.form](told) if cell.outcome == "malformed" else told


def _told(cell: Cell, servers: Servers, signed: Mapping[str, str]) -> str:
    """Return the secret part: a password, a token, a query, or a whole URL."""
    if cell.form == "signed":
        return signed.get(cell.value) or QUERY.format(cell.value)
    if cell.form != "whole":
        return cell.value
    return _url(cell, servers, f"packages/{_file(cell)}", f"{user(cell)}:{cell.value}")


def _url(cell: Cell, servers: Servers, end: str, name: str) -> str:
    """Return an address that answers as the cell's outcome says."""
    path = f"status/{cell.outcome}/" if cell.outcome.isdigit() else ""
    port = CLOSED if cell.outcome == "refused" else PORT
    return servers.of(cell.form).url(path + end, user=name, port=port)


def _file(cell: Cell) -> str:
    return f"{module(cell.package)}-1.0-py3-none-any.whl"

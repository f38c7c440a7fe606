"""What a request asks the API server for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PATH = re.compile(
    r"/(?:api/v1|apis/(?P<group>[^/]+)/[^/]+)(?:/namespaces/(?P<namespace>[^/]+)(?=/))?"
    r"/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[a-z]+))?"
)
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_HOUSEKEEPING = frozenset({"leases", "events", "selfsubjectaccessreviews"})
"""What an operator writes though nothing changed of what it looks after: who leads, what it saw."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request, in the API server's terms."""

    method: str
    plural: str = ""
    namespace: str = ""
    name: str = ""
    sub: str = ""
    watch: bool = False

    @property
    def is_write(self) -> bool:
        """Whether it may change what the operator looks after."""
        return self.method in _CHANGING and self.plural not in _HOUSEKEEPING

    def __str__(self) -> str:
        """Return it as it stands in what a failed test prints."""
        verb = "WATCH" if self.watch else self.method
        return f"{verb} {self.namespace}/{self.plural}/{self.name} {self.sub}".rstrip()


def read(method: str, path: str, query: Mapping[str, str]) -> Asked:
    """Return what a request asks for; one for no object has no plural."""
    found = _PATH.fullmatch(path)
    parts = found.groupdict("") if found else {}
    return Asked(
        method=method,
        plural=parts.get("plural", ""),
        namespace=parts.get("namespace", ""),
        name=parts.get("name", ""),
        sub=parts.get("sub", ""),
        watch=query.get("watch") in ("true", "1", "True"),
    )

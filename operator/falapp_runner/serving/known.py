"""Which endpoint a request goes to: for its limits and its count, before it is routed."""

from collections.abc import MutableMapping
from typing import Any

from starlette.routing import Match

from falapp_runner.serving import direct, metrics, threads
from falapp_runner.serving.routes import Routes

OTHER = "other"
"""The label of all that leads to no route: paths that anybody can make up."""


class Path:
    """What is known of one route."""

    __slots__ = ("cancellable", "counts", "direct", "label", "limited", "tells")

    def __init__(
        self, label: str, counts: metrics.Metrics, *, limited: bool, cancellable: bool = True
    ) -> None:
        self.label = label
        self.counts = counts.endpoint(label)
        self.limited = limited
        self.cancellable = cancellable
        self.tells = False
        """Whether its thread tells when it begins: until then it can be cancelled all the same."""
        self.direct: direct.Direct | None = None


class Paths:
    """Every route of an app."""

    def __init__(self, routes: Routes, counts: metrics.Metrics) -> None:
        self._root = routes.asgi.root_path
        self._routes = routes.asgi.routes
        self._endpoints = {
            path: Path(path, counts, limited=True, cancellable=path not in routes.sync)
            for path in sorted(routes.limited)
        }
        for route in self._routes:
            found = self._endpoints.get(getattr(route, "path", OTHER))
            if found is not None and not found.cancellable:
                found.tells = threads.tell(route)
        if not routes.fals_own:
            for route in self._routes:
                if "POST" in (getattr(route, "methods", None) or ()):
                    found = self._endpoints.get(getattr(route, "path", OTHER))
                    if found is not None and "{" not in found.label:
                        found.direct = direct.of(route)
        self._others: dict[str, Path] = {}
        for route in self._routes:
            label: str = getattr(route, "path", OTHER)
            self._others[label] = Path(label, counts, limited=False)
        self._other = Path(OTHER, counts, limited=False)
        self._patterned = any("{" in path for path in routes.limited)

    def find(self, scope: MutableMapping[str, Any]) -> Path:
        """Return what is known of the request's route."""
        path: str = scope["path"]
        if self._root:
            path = path.removeprefix(self._root) or "/"
        if scope["type"] == "websocket" or scope["method"] == "POST":
            found = self._endpoints.get(path)
            if found is None and self._patterned:
                found = self._by_pattern(scope)
            if found is not None:
                return found
        return self._others.get(path, self._other)

    def _by_pattern(self, scope: MutableMapping[str, Any]) -> Path | None:
        for route in self._routes:
            match, _ = route.matches(scope)
            if match is Match.FULL:
                return self._endpoints.get(getattr(route, "path", OTHER))
        return None


def in_latin_1(text: str) -> bool:
    """Return whether a header can hold the text."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True

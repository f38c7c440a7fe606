"""Which FalApps name which machine types, so that they hear of a change of one.

Only in memory: every pass over a FalApp tells it anew, before it looks at the types. One that was
not looked at since the operator started waits in the queue, and sees the types as they are then. So
nobody lists all FalApps, with all their code, for each type.
"""

from collections.abc import Iterable

from falapp_operator.reconcile.queue import Key


class Choices:
    """The machine types that each FalApp accepts."""

    def __init__(self) -> None:
        self._names: dict[Key, frozenset[str]] = {}

    def note(self, app: Key, names: Iterable[str]) -> None:
        """Note which machine types an app accepts from now on, by their objects' names."""
        self._names[app] = frozenset(names)

    def forget(self, app: Key) -> None:
        """Forget an app that is gone."""
        self._names.pop(app, None)

    def of(self, name: str) -> tuple[Key, ...]:
        """Return the apps that accept a machine type."""
        return tuple(sorted(app for app, names in self._names.items() if name in names))

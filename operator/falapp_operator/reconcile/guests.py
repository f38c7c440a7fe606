"""Who uses an Environment that they do not own: one that a user made.

Its owner references do not name them, so its events would wake nobody. Only in memory: every pass
over a guest tells it anew.
"""

from collections import defaultdict

from falapp_operator.reconcile.queue import Key


class Guests:
    """Which FalApps and Environments are guests of which Environment."""

    def __init__(self) -> None:
        self._hosts: dict[Key, Key] = {}
        self._guests: defaultdict[Key, set[Key]] = defaultdict(set)

    def note(self, guest: Key, host: Key | None) -> None:
        """Note whose guest somebody is from now on; None for nobody's."""
        former = self._hosts.pop(guest, None)
        if former is not None:
            self._guests[former].discard(guest)
            if not self._guests[former]:
                del self._guests[former]
        if host is not None:
            self._hosts[guest] = host
            self._guests[host].add(guest)

    def of(self, host: Key) -> tuple[Key, ...]:
        """Return the guests of an Environment."""
        return tuple(sorted(self._guests.get(host, ())))

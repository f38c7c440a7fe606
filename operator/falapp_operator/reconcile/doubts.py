"""Images that a node cannot pull, about which the registry is to be asked: is it still there?

Only in memory: a pod that still cannot pull raises the doubt anew after a restart.
"""

from datetime import datetime, timedelta

from falapp_operator.reconcile.queue import Key

_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(minutes=10)


class Doubts:
    """Which Environments' images are in doubt, and when each may be asked about again."""

    def __init__(self) -> None:
        self._open: set[Key] = set()
        self._asked: dict[Key, tuple[datetime, timedelta]] = {}

    def add(self, key: Key) -> None:
        """Have the registry asked about the image of the Environment at ``key``."""
        self._open.add(key)

    def wait(self, key: Key, now: datetime) -> float | None:
        """Return the seconds until the registry may be asked; None where there is no doubt."""
        if key not in self._open:
            return None
        last, pause = self._asked.get(key, (now, timedelta(0)))
        return max(0.0, (last + pause - now).total_seconds())

    def asked(self, key: Key, now: datetime) -> None:
        """Note that the registry has answered; the next question waits longer."""
        self._open.discard(key)
        last, pause = self._asked.get(key, (now, timedelta(0)))
        fresh = now - last > 2 * _LONGEST_PAUSE
        longer = _FIRST_PAUSE if fresh or not pause else min(_LONGEST_PAUSE, 2 * pause)
        self._asked[key] = (now, longer)

    def forget(self, key: Key) -> None:
        """Forget an Environment that is gone."""
        self._open.discard(key)
        self._asked.pop(key, None)

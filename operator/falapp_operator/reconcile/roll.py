"""Who waits in the queue, in order: asked of the cluster once a second, however many passes ask.

With thousands in the queue, a list for each of their passes would be all that the operator does.
Between two lists it is kept by what this process does itself, which is all that changes it but for
Environments that somebody deletes.
"""

from bisect import bisect_left, insort
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta

from falapp_operator.api.objects import Object
from falapp_operator.reconcile import turns
from falapp_operator.reconcile.turns import Arrival

_AGE = timedelta(seconds=1)


class Roll:
    """The Environments that wait in the queue."""

    def __init__(self) -> None:
        self._arrivals: list[Arrival] = []
        self._places: dict[tuple[str, str], Arrival] = {}
        self._listed: datetime | None = None
        self._left: set[tuple[str, str]] = set()

    async def waiting(
        self, ask: Callable[[], Awaitable[Iterable[Object]]], now: datetime
    ) -> Sequence[Arrival]:
        """Return who waits, in order of arrival; ``ask`` gives all Environments that there are."""
        if self._listed is None or not timedelta(0) <= now - self._listed < _AGE:
            self._left.clear()
            listed = (turns.arrival(e) for e in await ask() if turns.waits(e))
            # Who left while the list was on its way may stand in it still.
            self._places = {a[1:]: a for a in listed if a[1:] not in self._left}
            self._arrivals = sorted(self._places.values())
            self._listed = now
        return self._arrivals

    def join(self, arrival: Arrival) -> None:
        """Note that an Environment waits."""
        if arrival[1:] not in self._places:
            self._places[arrival[1:]] = arrival
            insort(self._arrivals, arrival)

    def leave(self, namespace: str, name: str) -> None:
        """Note that an Environment does not wait, or not any more."""
        self._left.add((namespace, name))
        arrival = self._places.pop((namespace, name), None)
        if arrival is not None:
            del self._arrivals[bisect_left(self._arrivals, arrival)]

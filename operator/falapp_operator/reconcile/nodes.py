"""The cluster's nodes, asked for no more often than they are looked at, and who waits for one.

A node's status changes all the time (its kubelet reports, and images come and go), its labels and
taints hardly ever; a thousand nodes are a long list. So events count only where one of those
changes, and one list serves all who ask within seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

from falapp_operator.api.objects import Object, fingerprint
from falapp_operator.reconcile.queue import Key
from falapp_operator.runner import nodes
from falapp_operator.runner.nodes import Node

_AGE = timedelta(seconds=5)

Ask = Callable[[], Awaitable[Iterable[Object]]]
"""Gives all Nodes that there are."""


class Nodes:
    """The nodes as they were listed last."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._nodes: tuple[Node, ...] = ()
        self._listed: datetime | None = None
        self._counted: tuple[datetime, tuple[Node, ...]] | None = None
        self.waiting: set[Key] = set()
        """The apps of which a runner waits for a node."""

    async def all(self, ask: Ask, now: datetime, *, fresh: bool = False) -> tuple[Node, ...]:
        """Return the nodes, as they are now or were a few seconds ago."""
        async with self._lock:
            if fresh or not _left(self._listed, now):
                self._nodes = tuple(nodes.read(node) for node in await ask())
                self._listed = now
            return self._nodes

    def note(self, app: Key, *, waits: bool) -> None:
        """Note whether a runner of an app waits for a node, so that it hears of new ones."""
        (self.waiting.add if waits else self.waiting.discard)(app)

    def pause(self, now: datetime) -> float:
        """Return how many seconds are to pass before nodes are counted again."""
        return _left(self._counted[0] if self._counted else None, now)

    def counted(self, there: tuple[Node, ...], now: datetime) -> bool:
        """Note that nodes were counted; return whether they are others than the last time."""
        before = self._counted[1] if self._counted else None
        self._counted = (now, there)
        return there != before


def _left(since: datetime | None, now: datetime) -> float:
    if since is None or not timedelta(0) <= now - since < _AGE:
        return 0.0
    return (_AGE - (now - since)).total_seconds()


class Sightings:
    """What events told of nodes, so that only those with news count."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def news(self, obj: Object, *, gone: bool) -> bool:
        """Return whether a node came or went, or has other labels or taints than before."""
        name = obj["metadata"]["name"]
        if gone:
            return self._seen.pop(name, None) is not None
        node = nodes.read(obj)
        print_ = fingerprint([dict(node.labels), [dict(t) for t in node.taints]])
        if self._seen.get(name) == print_:
            return False
        self._seen[name] = print_
        return True

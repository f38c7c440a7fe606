"""Whose turn it is to build: so many Jobs at once, and the others in order of arrival.

The order is decided from the cluster alone, so that a new operator goes on where the old one ended.
What is in memory, `Line`, only tells whom to wake when a build ends.
"""

import heapq
from collections.abc import Iterable
from typing import TypeAlias

from falapp_operator.api.conditions import ConditionType, Reason
from falapp_operator.api.objects import Object
from falapp_operator.environment import key as keys
from falapp_operator.reconcile.queue import Key

Arrival: TypeAlias = tuple[str, str, str]
"""When an Environment was made, its namespace and its name: the order of building."""

_NEAR = 8
"""How many more than can start are woken, so that they tell their new place."""


class Line:
    """Who waits for a build to end, as far as this process knows."""

    def __init__(self) -> None:
        self._waiting: dict[Key, Arrival] = {}
        self._stumbled: set[Key] = set()

    def join(self, key: Key, arrival: Arrival) -> None:
        """Have ``key`` woken when a build ends."""
        self._waiting[key] = arrival

    def leave(self, key: Key, *, stumbled: bool = False) -> bool:
        """Return whether ``key`` waited, which it does not any more.

        Args:
            key: The Environment.
            stumbled: Whether its pass failed. Until one succeeds it keeps nobody back.
        """
        if stumbled:
            self._stumbled.add(key)
        else:
            self._stumbled.discard(key)
        return self._waiting.pop(key, None) is not None

    def front(self, limit: int) -> list[Key]:
        """Return those who are to be woken when something changes, the first of them first."""
        return heapq.nsmallest(near(limit), self._waiting, key=self._waiting.__getitem__)

    def has_stumbled(self, key: Key) -> bool:
        """Return whether the last pass over ``key`` failed."""
        return key in self._stumbled


def arrival(environment: Object) -> Arrival:
    """Return when ``environment`` came, and what decides between two of one second."""
    metadata = environment["metadata"]
    return metadata["creationTimestamp"], metadata["namespace"], metadata["name"]


def near(limit: int) -> int:
    """Return how many are near the front of the line: those who are told their place."""
    return limit + _NEAR


def ahead(
    mine: Arrival, waiting: Iterable[Arrival], jobs: Iterable[Object], limit: int
) -> int | None:
    """Return how many builds come before that of ``mine``, or None if it may start now.

    They are counted as far as `near` tells, and no further.

    Args:
        mine: The Environment that needs a build.
        waiting: The Environments that wait in the queue, in order.
        jobs: The Jobs in the builds' namespace.
        limit: How many may run at once.
    """
    running = {j["metadata"]["name"] for j in jobs if _is_build(j) and not is_over(j)}
    name, earlier = mine[2], set[str]()
    for other in waiting:
        if other >= mine or len(earlier) == near(limit):
            break
        if other[2] not in running and other[2] != name:
            earlier.add(other[2])
    before = len(earlier)
    return None if name in running or before < limit - len(running) else before


def waits(environment: Object) -> bool:
    """Return whether an Environment waits in the queue; as it is read: there may be very many."""
    return "deletionTimestamp" not in environment["metadata"] and any(
        c.get("reason") == Reason.BUILD_QUEUED and c.get("type") == ConditionType.READY
        for c in environment.get("status", {}).get("conditions", ())
    )


def _is_build(job: Object) -> bool:
    return keys.is_name(job["metadata"]["name"])


def is_over(job: Object) -> bool:
    """Return whether a Job has ended, well or not."""
    return any(
        c["type"] in ("Complete", "Failed") and c["status"] == "True"
        for c in job.get("status", {}).get("conditions", ())
    )

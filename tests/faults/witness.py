"""Sees every status that is written, and so what should have been told of it by Events."""

import asyncio
import time
from collections import Counter

from falapp_operator.api import meta
from falapp_operator.reconcile import events
from falapp_operator.reconcile.context import utcnow
from tests.faults.api import Api, Object

_SECONDS = 10
_WATCHED = ("falapps", "environments")


class Witness:
    """Watches what the operator writes a status of."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._namespace = namespace
        self._last: dict[str, Object] = {}
        self._due: set[str] = set()

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            for plural in _WATCHED:
                group.create_task(self._watch(plural))

    async def forget(self) -> None:
        """Begin anew: what was told is not told any more."""
        await self._api.clear("events", self._namespace)
        self._due.clear()

    async def told(self) -> Counter[str]:
        """Return what was told since then, and how often."""
        return Counter(
            f"{e['involvedObject']['kind']} {e['involvedObject']['name']}: {e['reason']}"
            for e in (await self._events()).values()
        )

    async def assert_told(self, *, cut_off: bool = False) -> None:
        """Each transition that was written was told, and nothing else was.

        Args:
            cut_off: Whether an operator was killed. It may have told of what it then did not write;
                if the next one saw more already, no status ever had it.
        """
        deadline = time.monotonic() + _SECONDS  # the watch may be behind
        while True:
            found = await self._events()
            missing = self._due - set(found)
            more = [] if cut_off else await self._untrue(found)
            if not missing and not more:
                return
            assert time.monotonic() < deadline, f"missing {missing}, more {more}"
            await asyncio.sleep(0.1)

    async def _untrue(self, found: dict[str, Object]) -> list[Object]:
        """Return the Events of what was never written, of objects that are there.

        An object that is deleted between its Event and its status never has that status.
        """
        more = [event for name, event in found.items() if name not in self._due]
        alive = {
            obj["metadata"]["uid"]
            for plural in (_WATCHED if more else ())
            for obj in await self._api.list(plural, self._namespace)
        }
        return [event for event in more if event["involvedObject"]["uid"] in alive]

    async def _events(self) -> dict[str, Object]:
        found = await self._api.list("events", self._namespace)
        ours = [e for e in found if e.get("reportingComponent") == meta.REPORTER]
        return {e["metadata"]["name"]: e for e in ours}

    async def _watch(self, plural: str) -> None:
        async for obj in self._api.watch(plural):
            uid = obj["metadata"]["uid"]
            old = self._last.get(uid, {"status": {}})
            self._last[uid] = obj
            if obj.get("status", {}).get("conditions"):
                # An Event's name has nothing of when and by whom it is told.
                self._due |= {e["metadata"]["name"] for e in events.told(old, obj, utcnow(), "")}

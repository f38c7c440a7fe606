"""The queue that decides when an object is looked at.

One key is never worked on twice at once; any number of wakes while it waits count as one; a wake
while it is worked on makes it run once more. A failure is tried again with growing pauses and
jitter.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from falapp_operator.errors import ConflictError, MissingError, TransientError

_log = logging.getLogger(__name__)

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 300.0
_CONFLICT_SHARE = 0.1
"""Of a failure's pause: a conflict is gone as soon as the object is looked at again."""


@dataclass(frozen=True, order=True)
class Key:
    """What a pass is about."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """Return the key as it stands in log lines."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else self.name


Reconcile = Callable[[Key], Awaitable[float | None]]
"""One pass over one object; it returns the seconds after which it wants another, or None."""


class Queue:
    """A keyed queue of objects to look at."""

    def __init__(self, reconcile: Reconcile, *, workers: int = 8) -> None:
        self._reconcile = reconcile
        self._workers = workers
        self._ready: asyncio.Queue[Key] = asyncio.Queue()
        self._waiting: set[Key] = set()
        self._running: set[Key] = set()
        self._again: set[Key] = set()
        self._failures: dict[Key, int] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}

    def add(self, key: Key) -> None:
        """Have ``key`` looked at as soon as a worker is free."""
        self._cancel_timer(key)
        if key in self._running:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            self._ready.put_nowait(key)

    def add_later(self, key: Key, seconds: float) -> None:
        """Have ``key`` looked at in ``seconds``, unless something wakes it earlier."""
        self._cancel_timer(key)
        loop = asyncio.get_running_loop()
        self._timers[key] = loop.call_later(seconds, self.add, key)

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(self._work())
        finally:
            for key in list(self._timers):
                self._cancel_timer(key)

    async def _work(self) -> None:
        while True:
            key = await self._ready.get()
            self._waiting.discard(key)
            self._running.add(key)
            try:
                pause = await self._pass(key)
            finally:
                self._running.discard(key)
            if key in self._again:
                self._again.discard(key)
                self.add(key)
            elif pause is not None:
                self.add_later(key, pause)

    async def _pass(self, key: Key) -> float | None:
        """Run one pass and return the pause before the next one."""
        try:
            pause = await self._reconcile(key)
        except ConflictError:
            return self._backoff(key) * _CONFLICT_SHARE
        except (TransientError, MissingError) as error:
            pause = self._backoff(key)
            _log.warning("%s: %s; trying again in %.0f s", key, error, pause)
            return pause
        except Exception:
            pause = self._backoff(key)
            _log.exception("%s: this is a bug; trying again in %.0f s", key, pause)
            return pause
        self._failures.pop(key, None)
        return pause

    def _backoff(self, key: Key) -> float:
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        return pause_after(failures)

    def _cancel_timer(self, key: Key) -> None:
        with contextlib.suppress(KeyError):
            self._timers.pop(key).cancel()


def pause_after(failures: int) -> float:
    """Return the seconds to wait after a failure that followed ``failures`` others."""
    full = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(failures, 16))
    return full * random.uniform(0.75, 1.0)  # noqa: S311 - jitter, not a secret

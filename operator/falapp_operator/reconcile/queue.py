"""The queue that decides when an object is looked at.

One key is never worked on twice at once; any number of wakes while it waits count as one; a wake
while it is worked on makes it run once more. A failure is tried again with growing pauses and
jitter.

There are two lanes. What happened to an object goes before what is looked at again though nothing
happened: the slow timer, retries, and all that is there when the operator starts. What such a pass
wakes stays there, too. One of `_SHARE` passes is of the slow lane, so that it never stands.
"""

import asyncio
import contextlib
import logging
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from falapp_operator.errors import ConflictError, MissingError, TransientError

_log = logging.getLogger(__name__)

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 300.0
_CONFLICT_SHARE = 0.1
"""Of a failure's pause: a conflict is gone as soon as the object is looked at again."""
_SHARE = 8
_FRESH = 60.0
"""Seconds: what happened longer before a standby took over waits behind what happened since."""
_slow: ContextVar[bool] = ContextVar("slow", default=False)
"""Whether what runs now is a pass of the slow lane."""


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
        self._fast: OrderedDict[Key, float] = OrderedDict()
        self._slow: OrderedDict[Key, None] = OrderedDict()
        self._turn = 0
        self._filled = asyncio.Event()
        self._closing = False
        self._running: dict[Key, float] = {}
        self._again: dict[Key, bool] = {}
        self._failures: dict[Key, int] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}

    @property
    def longest(self) -> float:
        """The seconds that the oldest pass has been running."""
        now = asyncio.get_running_loop().time()
        return now - min(self._running.values(), default=now)

    def add(self, key: Key, *, slow: bool = False) -> None:
        """Have ``key`` looked at as soon as a worker is free.

        Args:
            key: What to look at.
            slow: Whether nothing happened to it, so that what happened to others goes before it.
        """
        slow = slow or _slow.get()
        self._cancel_timer(key)
        if key in self._running:
            self._again[key] = slow and self._again.get(key, True)
        elif slow and key not in self._fast:
            self._slow[key] = None
        elif not slow:
            self._slow.pop(key, None)
            self._fast[key] = asyncio.get_running_loop().time()
        self._filled.set()

    def waits(self, key: Key) -> bool:
        """Return whether ``key`` is to be looked at as soon as a worker is free."""
        return key in self._fast or key in self._slow

    def forget(self, key: Key) -> None:
        """Do not look at ``key``, if it only waits."""
        self._fast.pop(key, None)
        self._slow.pop(key, None)

    def add_later(self, key: Key, seconds: float) -> None:
        """Have ``key`` looked at in ``seconds``, unless something wakes it earlier."""
        self._cancel_timer(key)
        loop = asyncio.get_running_loop()
        slow = seconds >= _FIRST_PAUSE * 0.75
        self._timers[key] = loop.call_later(seconds, lambda: self.add(key, slow=slow))

    async def run(self) -> None:
        """Work until cancelled, or until `drain` is called."""
        oldest = asyncio.get_running_loop().time() - _FRESH
        for key in [key for key, since in self._fast.items() if since < oldest]:
            del self._fast[key]
            self._slow[key] = None
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(self._work())
        finally:
            for key in list(self._timers):
                self._cancel_timer(key)

    def drain(self) -> None:
        """Let `run` end as soon as the passes that run now have ended."""
        self._closing = True
        self._filled.set()

    async def _work(self) -> None:
        while (taken := await self._next()) is not None:
            key, slow = taken
            self._running[key] = asyncio.get_running_loop().time()
            _slow.set(slow)
            try:
                pause = await self._pass(key)
            finally:
                del self._running[key]
                _slow.set(False)
            if key in self._again:
                self.add(key, slow=self._again.pop(key))
            elif pause is not None:
                self.add_later(key, pause)

    async def _next(self) -> tuple[Key, bool] | None:
        """Return whose turn it is, and whether of the slow lane; None if the queue is closing."""
        while not self._closing:
            if self._fast or self._slow:
                self._turn = (self._turn + 1) % _SHARE
                slow = not self._fast or (self._turn == 0 and bool(self._slow))
                lane: OrderedDict[Key, Any] = self._slow if slow else self._fast
                return lane.popitem(last=False)[0], slow
            self._filled.clear()
            await self._filled.wait()
        return None

    async def _pass(self, key: Key) -> float | None:
        """Run one pass and return the pause before the next one."""
        try:
            pause = await self._reconcile(key)
        except ConflictError:
            return self._backoff(key) * _CONFLICT_SHARE
        except (TransientError, MissingError) as error:
            asked = error.pause if isinstance(error, TransientError) else 0.0
            pause = max(self._backoff(key), asked)
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

"""Who of several operators works: the one that holds the Lease (coordination.k8s.io/v1).

As client-go does it. The holder renews all the time. The others count, each by its own clock, how
long they have seen no renewal, and one of them takes over after `seconds`: what the record says of
the time is never compared with a clock, since clocks differ. A holder that could not renew for two
thirds of that counts as nobody: it writes nothing more, whether it knows of another one or not.
"""

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from falapp_operator import errors
from falapp_operator.api import meta
from falapp_operator.api.objects import Object, Ref
from falapp_operator.cluster.client import Client

_log = logging.getLogger(__name__)

_TRUSTED_SHARE = 2 / 3
"""Of a lease's time its holder trusts so much; the rest is for writes that are under way."""
_RETRY_SHARE = 2 / 15


def lease_ref(name: str, namespace: str) -> Ref:
    """Return where the Lease of that name is."""
    return Ref(api_version="coordination.k8s.io/v1", kind="Lease", name=name, namespace=namespace)


class Lease:
    """One operator's view of the Lease.

    Args:
        client: The API server, by a connection of its own: renewing waits for nothing.
        where: Where the Lease is.
        holder: What this process is called; no other process ever has the same name.
        seconds: How long nobody else takes over after a renewal.
        clock: A clock that never jumps, in seconds.
        sleep: What waits, by that clock.
    """

    def __init__(
        self,
        client: Client,
        where: Ref,
        holder: str,
        *,
        seconds: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._where = where
        self._holder = holder
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._until = -math.inf
        self._mine: Object | None = None
        self._seen: Object = {}
        self._seen_at = -math.inf
        self._heard_at = -math.inf

    @property
    def held(self) -> bool:
        """Whether it is certain that no other operator has the Lease."""
        return self._clock() < self._until

    @property
    def silence(self) -> float:
        """The seconds since the API server last answered."""
        return self._clock() - self._heard_at

    def check(self) -> None:
        """Let a write pass.

        Raises:
            FencedError: Another operator may have taken over.
        """
        if not self.held:
            raise errors.FencedError("not written: the Lease may be another operator's by now")

    async def take(self) -> None:
        """Wait until this operator holds the Lease."""
        while not await self._try(patience=self._seconds * _TRUSTED_SHARE / 2):
            await self._sleep(self._pause())

    async def keep(self) -> None:
        """Renew the Lease; return when it is lost."""
        while self.held:
            await self._sleep(self._seconds * _RETRY_SHARE)
            left = self._until - self._clock()
            await self._try(patience=min(left, self._seconds * _TRUSTED_SHARE / 2))

    async def release(self) -> None:
        """Give the Lease back if it is held, so that another operator takes over at once."""
        self._mine, self._until = None, -math.inf
        try:
            async with asyncio.timeout(self._seconds * _TRUSTED_SHARE / 2):
                given = await self._give_back()
        except (errors.FalappError, TimeoutError) as error:
            _log.warning(
                "the Lease was not given back, it ends by itself: %s", error or "no answer"
            )
        else:
            if given:
                _log.info("the Lease is given back")

    async def _give_back(self) -> bool:
        """Take our name out of the Lease, as it is now; return whether it stood there."""
        for last in (False, True):
            live = await self._client.get(self._where)
            if live is None or live.get("spec", {}).get("holderIdentity") != self._holder:
                return False
            try:
                await self._client.apply(self._record(live, holder=""))
            except errors.ConflictError:
                # A renewal that was cut off on its way has come after all.
                if last:
                    raise
            else:
                return True
        return False

    async def _try(self, patience: float) -> bool:
        """Take or renew the Lease; return whether it is held."""
        sent = self._clock()
        try:
            async with asyncio.timeout(max(0.0, patience)):
                mine = await self._write()
        except (errors.FalappError, TimeoutError) as error:
            # A conflict is another operator that was faster, or an answer to us that was lost.
            if not isinstance(error, errors.ConflictError):
                _log.warning("Lease %s: %s", self._where.name, error or "no answer")
            self._mine = None
            return False
        self._heard_at = self._clock()
        self._mine = mine
        # Counted from before the request: the others cannot have seen it any earlier.
        self._until = sent + self._seconds * _TRUSTED_SHARE if mine else -math.inf
        return mine is not None

    async def _write(self) -> Object | None:
        """Write our name into the Lease, and return it; None if it is another one's."""
        live = self._mine or await self._client.get(self._where)
        if live is None:
            if not self.held and self._left() > 0:
                # Deleted, and the one that held it does not know yet.
                return None
            return await self._client.create(self._record({}, holder=self._holder))
        if live is not self._mine and not self._is_free(live):
            return None
        return await self._client.apply(self._record(live, holder=self._holder))

    def _is_free(self, live: Object) -> bool:
        spec = live.get("spec", {})
        if spec != self._seen:
            self._seen, self._seen_at = spec, self._clock()
        return spec.get("holderIdentity", "") in ("", self._holder) or self._left() <= 0

    def _left(self) -> float:
        """Return the seconds after which the Lease that was seen last may be taken."""
        lasts = self._seen.get("leaseDurationSeconds", self._seconds)
        return float(self._seen_at + lasts - self._clock())

    def _pause(self) -> float:
        pause = self._seconds * _RETRY_SHARE * random.uniform(0.8, 1.0)  # noqa: S311 - jitter
        left = self._left()
        return min(pause, left) if left > 0 else pause

    def _record(self, live: Object, *, holder: str) -> Object:
        """Return the Lease as ``holder`` has it; only if it is still as it was in ``live``."""
        before = live.get("spec", {})
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        same = before.get("holderIdentity") == holder
        changes = before.get("leaseTransitions", 0)
        spec = {
            # Empty, and not left out: the create of a Lease would still own the field.
            "holderIdentity": holder,
            "leaseDurationSeconds": math.ceil(self._seconds),
            "acquireTime": before.get("acquireTime", now) if same else now,
            "renewTime": now,
            "leaseTransitions": changes + 1 if holder and before and not same else changes,
        }
        metadata = {
            "name": self._where.name,
            "namespace": self._where.namespace,
            "labels": {meta.LABEL_MANAGED_BY: meta.MANAGED_BY},
        }
        if live:
            metadata["resourceVersion"] = live["metadata"]["resourceVersion"]
        kind = {"apiVersion": self._where.api_version, "kind": self._where.kind}
        return kind | {"metadata": metadata, "spec": spec}

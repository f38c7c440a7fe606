"""What kopf calls: each event puts the owner's key into the queue, and nothing else happens here.

Only `on.event` handlers: kopf then adds no finalizer, keeps no copy of the spec in an annotation
(it would hold whatever tokens stand in requirements), and writes nothing at a restart.
"""

import asyncio
import logging
import os
import secrets
import signal
import socket
from typing import Any

import kopf

from falapp_operator import watches
from falapp_operator.api import meta
from falapp_operator.cluster.client import Client
from falapp_operator.cluster.git import Git
from falapp_operator.cluster.lease import Lease, lease_ref
from falapp_operator.cluster.registry import Registry
from falapp_operator.errors import FalappError
from falapp_operator.reconcile import environments, falapps, machinetypes
from falapp_operator.reconcile.context import (
    BUILD,
    ENVIRONMENT,
    FALAPP,
    GUESTS,
    MACHINE_TYPE,
    Context,
)
from falapp_operator.reconcile.nodes import Sightings
from falapp_operator.reconcile.owners import Owners
from falapp_operator.reconcile.queue import Key, Queue
from falapp_operator.settings import Settings

_PASSES = {
    FALAPP: falapps.reconcile,
    ENVIRONMENT: environments.reconcile,
    BUILD: environments.reconcile_build,
    GUESTS: environments.reconcile_guests,
    MACHINE_TYPE: machinetypes.changed,
    machinetypes.KEY.kind: machinetypes.reconcile,
    machinetypes.COUNT.kind: machinetypes.count,
}
_OF_OBJECTS = (FALAPP, ENVIRONMENT, BUILD, GUESTS)
"""Kinds of keys of which there is no end while apps come and go."""
WATCHED = ("falapps", "environments", "machinetypes", "deployments", "pods", "jobs", "nodes")
"""The plurals of what is watched."""
_DRAIN_SECONDS = 10.0
"""How long the passes that run when the operator is told to stop may go on."""
_log = logging.getLogger(__name__)
_OURS = f"{meta.LABEL_MANAGED_BY}={meta.MANAGED_BY}"


class Operator:
    """The queue, its workers and the connections, from kopf's start-up to its clean-up.

    While another operator holds the Lease, events fill the queue and nobody works on it: what takes
    over knows already what there is to do.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._work: asyncio.Task[None] | None = None
        self._context: Context | None = None
        self._election: Client | None = None
        self.lease: Lease | None = None
        self.queue = Queue(self._pass)

    @property
    def started(self) -> bool:
        """Whether the API server has our kinds and answered."""
        return self._work is not None

    async def start(self) -> None:
        """Connect, and start to work as soon as no other operator does.

        Raises:
            FalappError: The API server does not answer, or does not have our kinds.
        """
        cluster = await self._connect()
        try:
            for kind in (FALAPP, ENVIRONMENT, MACHINE_TYPE):
                # kopf watches nothing, for ever, of a kind that is not there when it looks.
                await anext(cluster.pages(meta.API_VERSION, kind, size=1))
        except FalappError:
            await cluster.close()
            raise
        self._context = Context(
            cluster=cluster,
            registry=Registry.connect(self._settings),
            git=Git.connect(self._settings),
            settings=self._settings,
            wake=self.queue.add,
        )
        self.queue.add(machinetypes.KEY)
        self._work = asyncio.create_task(self._lead())
        self._work.add_done_callback(_end_with)

    async def stop(self) -> None:
        """Finish the passes that run, give the Lease back, and disconnect."""
        if self._work is not None:
            self._work.remove_done_callback(_end_with)
            self.queue.drain()
            held = self.lease is not None and self.lease.held
            done, _ = await asyncio.wait([self._work], timeout=_DRAIN_SECONDS if held else 0)
            self._work.cancel()
            # What it ended with was told. Raised here, kopf would try to stop for ten minutes.
            await asyncio.gather(self._work, return_exceptions=True)
            # What was cut off may have a write under way, which must not meet those of another one.
            if done and self.lease is not None:
                await self.lease.release()
        if self._election is not None:
            await self._election.close()
        if self._context is not None:
            await self._context.cluster.close()
            await self._context.registry.close()
            await self._context.git.close()

    def changed(self, key: Key, event: str | None) -> None:
        """Have ``key`` looked at, since its own object changed."""
        if event == "DELETED" and self._stands_by:
            # Whoever works has seen it; a standby that stays one for months must not remember it.
            self.queue.forget(key)
        else:
            self.queue.add(key, slow=event is None)

    def heard(self, key: Key, event: str | None) -> None:
        """Have ``key`` looked at, since something that belongs to its object changed.

        A standby adds no key for that, and only knows again that something happened: what lives is
        in its queue by its own event, and what is gone is not to come back, as it would with the
        pods that end after their app.

        Args:
            key: What to look at.
            event: How, as kopf says it; None for what was there before we watched.
        """
        if self._stands_by and key.kind in _OF_OBJECTS and not self.queue.waits(key):
            return
        self.queue.add(key, slow=event is None)

    @property
    def _stands_by(self) -> bool:
        return self.lease is not None and not self.lease.held

    async def _connect(self) -> Client:
        wanted = self._settings.lease
        if wanted is None:
            return await Client.connect()
        if self._election is None:
            self._election = await Client.connect()
            self.lease = Lease(
                self._election,
                lease_ref(wanted.name, wanted.namespace),
                f"{socket.gethostname()}_{secrets.token_hex(4)}",
                seconds=wanted.seconds,
            )
        assert self.lease is not None  # noqa: S101 - made with the connection
        return await Client.connect(self.lease.check)

    async def _lead(self) -> None:
        """Work while no other operator does; return when told to stop working."""
        if self.lease is None:
            await self.queue.run()
            return
        await self.lease.take()
        _log.info("this operator leads")
        keeping = asyncio.create_task(self._keep(self.lease))
        try:
            await self.queue.run()
        finally:
            keeping.cancel()

    async def _keep(self, lease: Lease) -> None:
        try:
            await lease.keep()
        except Exception:
            _log.exception("the Lease cannot be renewed: this is a bug")
        _log.critical("the Lease is lost: this process ends, and writes nothing more")
        logging.shutdown()
        # At once: whatever would be done before, writes that are under way would be done, too.
        os._exit(1)

    async def _pass(self, key: Key) -> float | None:
        assert self._context is not None  # noqa: S101 - the queue runs only after start()
        return await _PASSES[key.kind](self._context, key)


def _end_with(work: asyncio.Task[None]) -> None:
    """End the process if its work ended by itself: it would look alive and do nothing."""
    if not work.cancelled():
        _log.critical("the queue ended: %r", work.exception())
        os.kill(os.getpid(), signal.SIGTERM)


def register(registry: kopf.OperatorRegistry, operator: Operator) -> None:
    """Have kopf watch what the operator is about."""

    @kopf.on.startup(registry=registry)
    async def start(settings: kopf.OperatorSettings, **_: Any) -> None:
        configure(settings)
        try:
            await operator.start()
        except FalappError as error:
            # kopf looks for kinds once, after this.
            raise kopf.TemporaryError(f"cannot start yet: {error}", delay=2) from error

    @kopf.on.cleanup(registry=registry)
    async def stop(**_: Any) -> None:
        await operator.stop()

    _watch(registry, operator)
    _watch_children(registry, operator)
    _watch_nodes(registry, operator)


def _watch(registry: kopf.OperatorRegistry, operator: Operator) -> None:
    told = Owners()

    @kopf.on.event(meta.GROUP, meta.VERSION, "falapps", registry=registry)
    async def falapp(namespace: str | None, name: str, **event: Any) -> None:
        operator.changed(Key(FALAPP, namespace or "", name), event["type"])

    @kopf.on.event(meta.GROUP, meta.VERSION, "environments", registry=registry)
    async def environment(namespace: str | None, name: str, body: kopf.Body, **event: Any) -> None:
        operator.changed(Key(ENVIRONMENT, namespace or "", name), event["type"])
        news, owners = told.news(dict(body), event["type"])
        for owner in owners:
            if owner["kind"] in (FALAPP, ENVIRONMENT):
                operator.heard(Key(owner["kind"], namespace or "", owner["name"]), event["type"])
        if news and body.metadata.labels.get(meta.LABEL_MANAGED_BY) != meta.MANAGED_BY:
            operator.heard(Key(GUESTS, namespace or "", name), event["type"])

    @kopf.on.event(meta.GROUP, meta.VERSION, "machinetypes", registry=registry)
    async def machine_type(name: str, **event: Any) -> None:
        operator.changed(Key(MACHINE_TYPE, "", name), event["type"])


def _watch_children(registry: kopf.OperatorRegistry, operator: Operator) -> None:
    @kopf.on.event("apps", "v1", "deployments", registry=registry)
    @kopf.on.event("", "v1", "pods", registry=registry)
    async def child(namespace: str | None, labels: kopf.Labels, **event: Any) -> None:
        if app := labels.get(meta.LABEL_APP):
            operator.heard(Key(FALAPP, namespace or "", app), event["type"])
        if build := labels.get(meta.LABEL_ENVIRONMENT):
            operator.heard(Key(BUILD, "", build), event["type"])

    @kopf.on.event("batch", "v1", "jobs", registry=registry)
    async def job(labels: kopf.Labels, **event: Any) -> None:
        if build := labels.get(meta.LABEL_ENVIRONMENT):
            operator.changed(Key(BUILD, "", build), event["type"])


def _watch_nodes(registry: kopf.OperatorRegistry, operator: Operator) -> None:
    sightings = Sightings()

    @kopf.on.event("", "v1", "nodes", registry=registry)
    async def node(body: kopf.Body, event: kopf.RawEvent, **_: Any) -> None:
        if sightings.news(dict(body), gone=event["type"] == "DELETED"):
            operator.heard(machinetypes.COUNT, event["type"])


def configure(settings: kopf.OperatorSettings) -> None:
    """Set kopf up: see only what is ours, post no events, never go blind."""
    for resource in (("apps", "v1", "deployments"), ("", "v1", "pods"), ("batch", "v1", "jobs")):
        settings.watching.label_selectors[resource] = _OURS
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.server_timeout = watches.SERVER_SECONDS
    settings.watching.client_timeout = watches.CLIENT_SECONDS
    settings.watching.chunk_size = 500
    # Events only fill the queue, so a worker for each object is not worth keeping (kopf's default
    # keeps it five seconds).
    settings.queueing.idle_timeout = 0.1

"""What kopf calls: each event puts the owner's key into the queue, and nothing else happens here.

Only `on.event` handlers: kopf then adds no finalizer, keeps no copy of the spec in an annotation
(it would hold whatever tokens stand in requirements), and writes nothing at a restart.
"""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable
from typing import Any

import kopf

from falapp_operator.api import meta
from falapp_operator.cluster.client import Client
from falapp_operator.cluster.git import Git
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
_log = logging.getLogger(__name__)
_OURS = f"{meta.LABEL_MANAGED_BY}={meta.MANAGED_BY}"


class Operator:
    """The queue, its workers and the connections, from kopf's start-up to its clean-up."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._work: asyncio.Task[None] | None = None
        self._context: Context | None = None
        self.queue = Queue(self._pass)

    async def start(self) -> None:
        """Connect, and start to work.

        Raises:
            FalappError: The API server does not answer, or does not have our kinds.
        """
        cluster = await Client.connect()
        try:
            await cluster.list(meta.API_VERSION, MACHINE_TYPE)
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
        self._work = asyncio.create_task(self.queue.run())
        self._work.add_done_callback(_end_with)
        self.queue.add(machinetypes.KEY)

    async def stop(self) -> None:
        """Stop working, and disconnect."""
        if self._work is not None:
            self._work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._work
        if self._context is not None:
            await self._context.cluster.close()
            await self._context.registry.close()
            await self._context.git.close()

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
            # kopf looks for kinds once, after this: without them it would watch nothing for ever.
            raise kopf.TemporaryError(f"cannot start yet: {error}", delay=2) from error

    @kopf.on.cleanup(registry=registry)
    async def stop(**_: Any) -> None:
        await operator.stop()

    _watch(registry, operator.queue.add)
    _watch_nodes(registry, operator.queue.add)


def _watch(registry: kopf.OperatorRegistry, wake: Callable[[Key], None]) -> None:
    @kopf.on.event(meta.GROUP, meta.VERSION, "falapps", registry=registry)
    async def falapp(namespace: str | None, name: str, **_: Any) -> None:
        wake(Key(FALAPP, namespace or "", name))

    @kopf.on.event(meta.GROUP, meta.VERSION, "environments", registry=registry)
    async def environment(namespace: str | None, name: str, body: kopf.Body, **_: Any) -> None:
        wake(Key(ENVIRONMENT, namespace or "", name))
        for owner in body.metadata.get("ownerReferences", ()):
            if owner["kind"] in (FALAPP, ENVIRONMENT):
                wake(Key(owner["kind"], namespace or "", owner["name"]))
        if body.metadata.labels.get(meta.LABEL_MANAGED_BY) != meta.MANAGED_BY:
            wake(Key(GUESTS, namespace or "", name))

    @kopf.on.event(meta.GROUP, meta.VERSION, "machinetypes", registry=registry)
    async def machine_type(name: str, **_: Any) -> None:
        wake(Key(MACHINE_TYPE, "", name))

    @kopf.on.event("apps", "v1", "deployments", registry=registry)
    @kopf.on.event("", "v1", "pods", registry=registry)
    @kopf.on.event("batch", "v1", "jobs", registry=registry)
    async def child(namespace: str | None, labels: kopf.Labels, **_: Any) -> None:
        if app := labels.get(meta.LABEL_APP):
            wake(Key(FALAPP, namespace or "", app))
        if build := labels.get(meta.LABEL_ENVIRONMENT):
            wake(Key(BUILD, "", build))


def _watch_nodes(registry: kopf.OperatorRegistry, wake: Callable[[Key], None]) -> None:
    sightings = Sightings()

    @kopf.on.event("", "v1", "nodes", registry=registry)
    async def node(body: kopf.Body, event: kopf.RawEvent, **_: Any) -> None:
        if sightings.news(dict(body), gone=event["type"] == "DELETED"):
            wake(machinetypes.COUNT)


def configure(settings: kopf.OperatorSettings) -> None:
    """Set kopf up: see only what is ours, post no events, never go blind."""
    for resource in (("apps", "v1", "deployments"), ("", "v1", "pods"), ("batch", "v1", "jobs")):
        settings.watching.label_selectors[resource] = _OURS
    settings.posting.enabled = False
    settings.scanning.disabled = True
    # A watch that the server forgot would otherwise stay silent for ever (kopf #585, #614, #955).
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 330
    settings.watching.chunk_size = 500
    # Events only fill the queue, so a worker for each object is not worth keeping (kopf's default
    # keeps it five seconds).
    settings.queueing.idle_timeout = 0.1

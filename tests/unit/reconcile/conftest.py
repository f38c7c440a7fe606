"""A world to make passes in: an API server, a registry, a clock and a list of wakes."""

import asyncio
from datetime import timedelta

import kopf
import pytest
from kopf._cogs.structs import bodies  # kopf has no public way to call a handler

from falapp_operator import handlers
from falapp_operator.api import meta
from falapp_operator.reconcile import environments, falapps
from falapp_operator.reconcile.context import ENVIRONMENT, FALAPP, Context
from falapp_operator.reconcile.queue import Key
from falapp_operator.reconcile.shared import Shared
from tests.unit import samples, workloads
from tests.unit.reconcile import fake, kopfs, told


class World:
    """Everything around the operator."""

    def __init__(self):
        self.cluster = told.Cluster(samples.machine_type())
        self.registry = fake.Registry()
        self.git = fake.Git()
        self.settings = samples.settings()
        self.woken = []
        self.now = samples.NOW
        self.shared = Shared()

    @property
    def context(self):
        return Context(
            cluster=self.cluster,
            registry=self.registry,
            git=self.git,
            settings=self.settings,
            wake=self.woken.append,
            now=lambda: self.now,
            shared=self.shared,
        )

    def restart(self):
        """Have another process go on."""
        self.shared = Shared()
        self.woken.clear()

    def wait(self, seconds):
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    async def reconcile_app(self, name="hello", namespace=samples.NAMESPACE):
        """Make one pass over a FalApp; return what it wrote."""
        return await self._writes(falapps.reconcile, Key(FALAPP, namespace, name))

    async def reconcile_environment(self, name=None, namespace=samples.NAMESPACE):
        """Make one pass over an Environment; return what it wrote."""
        name = name or self.cluster.find(ENVIRONMENT)["metadata"]["name"]
        return await self._writes(environments.reconcile, Key(ENVIRONMENT, namespace, name))

    async def serve(self, app):
        """Bring an app to where its one runner serves."""
        self.cluster.put(app)
        await self.reconcile_app()
        self.cluster.change(ENVIRONMENT, status=samples.BUILT)
        await self.reconcile_app()
        self.start_runners(workloads.runner_pod())
        await self.reconcile_app()

    async def _writes(self, reconcile, key):
        del self.cluster.writes[:]
        self.again = await reconcile(self.context, key)
        written = list(self.cluster.writes)
        # Events are counted apart (`told`): no pass that changes nothing tells something.
        rest = [w for w in written if not w.startswith("tell ")]
        assert written == rest or any(w.startswith("status ") for w in rest), written
        return rest

    def told(self, kind=FALAPP):
        """Return the Events of all objects of a kind, as "Type Reason: message", in order."""
        return [
            f"{e['type']} {e['reason']}: {e['message']}"
            for e in self.cluster.events.values()
            if e["involvedObject"]["kind"] == kind
        ]

    def status(self, kind=FALAPP, name=None):
        """Return an object's status with its conditions by type."""
        status = self.cluster.find(kind, name)["status"]
        return status | {"conditions": {c["type"]: c for c in status["conditions"]}}

    def start_runners(self, *pods, app="hello"):
        """Have the Deployment's pods: those given, with its revision."""
        template = self.cluster.find("Deployment", app)["spec"]["template"]
        revision = template["metadata"]["annotations"][meta.ANNOTATION_REVISION]
        for old in self.cluster.names("Pod"):
            self.cluster.remove("Pod", old)
        for pod in pods:
            pod["metadata"]["annotations"][meta.ANNOTATION_REVISION] = revision
            self.cluster.put(pod)


@pytest.fixture
def until():
    """Wait until something holds that another task brings about."""

    async def wait(holds):
        async with asyncio.timeout(2):
            while not holds():  # noqa: ASYNC110 - what is waited for knows of no event
                await asyncio.sleep(0.001)

    return wait


@pytest.fixture
def world():
    return World()


@pytest.fixture
def operator():
    return handlers.Operator(samples.settings())


@pytest.fixture
def registry(operator):
    made = kopf.OperatorRegistry()
    handlers.register(made, operator)
    return made


@pytest.fixture
def tell(registry):
    """Send an event to the handlers of a resource."""

    async def told(group, version, plural, obj, event):
        for handler in kopfs.watching(registry, kopfs.resource(group, version, plural)):
            body = bodies.Body(obj)
            metadata = body.metadata
            await handler.fn(
                type=event,
                namespace=metadata.namespace,
                name=metadata.name,
                body=body,
                labels=metadata.labels,
                event={"type": event, "object": obj},
            )

    return told


@pytest.fixture
def send(tell, operator):
    """Send an event to the handlers of a resource; return the keys that it woke."""

    async def sent(group, version, plural, obj, event="MODIFIED"):
        queue = operator.queue
        for lane in (queue._fast, queue._slow):
            lane.clear()
        await tell(group, version, plural, obj, event)
        return [*queue._fast, *(("slow", key) for key in queue._slow)]

    return sent

"""An API server in memory that real operator processes talk to, each by a port of its own.

So it is known who asked for what, and each can be cut off by itself.
"""

import asyncio
import time
from dataclasses import dataclass, field

from aiohttp import web

from falapp_operator import errors
from falapp_operator.api.objects import Ref, ref
from falapp_operator.api.paths import PLURALS, path
from tests.unit.reconcile import fake

_STATUS = [
    (errors.MissingError, 404),
    (errors.ConflictError, 409),
    (errors.TransientError, 500),
]
_CLUSTER_WIDE = {"MachineType", "CustomResourceDefinition"}


class Watched(fake.Cluster):
    """A cluster that tells what happens to objects."""

    def __init__(self):
        self.events = []
        self.changed = asyncio.Event()
        super().__init__()

    def put(self, obj):
        known = ref(obj) in self.objects
        made = super().put(obj)
        self._tell("MODIFIED" if known else "ADDED", made)
        return made

    def _delete(self, where):
        obj = self.objects[where]
        super()._delete(where)
        self._version += 1
        self._tell("DELETED", obj)

    def _tell(self, kind, obj):
        self.events.append((self._version, kind, obj))
        self.changed.set()
        self.changed = asyncio.Event()


@dataclass
class Way:
    """How one operator reaches the server."""

    url: str = ""
    writes: list[tuple[float, str]] = field(default_factory=list)
    """When it wrote what, the Lease apart."""
    cut: str = ""
    """What does not arrive: everything, the Lease's requests (lease), or writes (late): they come
    when nothing is cut any more, if their connection is still there."""
    held: int = 0
    """How many requests wait at the cut."""
    mended: asyncio.Event = field(default_factory=asyncio.Event)

    def mend(self):
        """Let everything through again."""
        self.cut = ""
        self.mended.set()


_WAY = web.AppKey("way", Way)


class Server:
    """The API server and the ways to it."""

    def __init__(self, names):
        self.cluster = Watched()
        self.ways = {name: Way() for name in names}
        self._runners = []

    async def start(self):
        for way in self.ways.values():
            app = web.Application()
            app[_WAY] = way
            app.router.add_route("*", "/{path:.*}", self._handle)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            self._runners.append(runner)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            way.url = f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def stop(self):
        for way in self.ways.values():
            way.mend()
        for runner in self._runners:
            await runner.cleanup()

    @property
    def leader(self):
        """Who holds the Lease: the name that it gave its host."""
        lease = self.cluster.find("Lease")
        return lease["spec"]["holderIdentity"] if lease else ""

    async def _handle(self, request):
        way, lease = request.app[_WAY], "/leases" in request.path
        body = await request.json() if request.can_read_body else None
        late = way.cut == "late" and request.method != "GET" and not lease
        if late or way.cut == "everything" or (way.cut == "lease" and lease):
            way.held += 1
            await way.mended.wait()
            if request.transport is None or request.transport.is_closing():
                raise web.HTTPBadGateway
        if (found := _discovery(request.path)) is not None:
            return web.json_response(found)
        try:
            if request.query.get("watch"):
                return await self._watch(request, way)
            if request.method != "GET" and not lease:
                way.writes.append((time.monotonic(), f"{request.method} {request.path}"))
            return web.json_response(await self._answer(request, body))
        except errors.FalappError as error:
            status = next(code for kind, code in _STATUS if isinstance(error, kind))
            return web.json_response({"message": str(error), "code": status}, status=status)

    async def _answer(self, request, body):
        where = _where(request.path)
        if request.method == "POST":
            return await self.cluster.create(body)
        if request.method == "DELETE":
            given = body["preconditions"]
            version = given.get("resourceVersion", "")
            await self.cluster.delete(where, uid=given.get("uid", ""), version=version)
            return {"status": "Success"}
        if request.method == "PATCH":
            if request.path.endswith("/status"):
                version = body["metadata"].get("resourceVersion", "")
                return await self.cluster.apply_status(where, body["status"], version=version)
            return await self.cluster.apply(body, force=request.query["force"] == "true")
        if where.name:
            if (found := await self.cluster.get(where)) is None:
                raise errors.MissingError(f"{where} not found")
            return found
        labels, fields = (request.query.get(f"{what}Selector", "") for what in ("label", "field"))
        items = await self.cluster.list(
            where.api_version, where.kind, where.namespace, labels=labels, fields=fields
        )
        version = {"resourceVersion": str(self.cluster._version)}
        return {"kind": f"{where.kind}List", "metadata": version, "items": list(items)}

    async def _watch(self, request, way):
        where = _where(request.path)
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        seen = int(request.query["resourceVersion"])
        wanted = dict(p.split("=") for p in request.query.get("labelSelector", "").split(",") if p)
        while way.cut != "everything" and not way.mended.is_set():
            changed = self.cluster.changed
            for version, kind, obj in list(self.cluster.events):
                labels = obj["metadata"].get("labels", {})
                if (
                    version > seen
                    and obj["kind"] == where.kind
                    and wanted.items() <= labels.items()
                ):
                    line = web.json_response({"type": kind, "object": obj}).body
                    await answer.write(line + b"\n")
            seen = self.cluster._version
            await changed.wait()
        await way.mended.wait()
        return answer


def _discovery(where):
    """Return what a client that looks for kinds is told."""
    groups = sorted({version for version, _ in PLURALS if "/" in version})
    if where == "/api":
        return {"versions": ["v1"]}
    if where == "/apis":
        preferred = [(g.partition("/")[0], g.partition("/")[2]) for g in groups]
        return {
            "groups": [
                {"name": n, "versions": [{"version": v}], "preferredVersion": {"version": v}}
                for n, v in preferred
            ]
        }
    kinds = {
        kind: plural
        for (version, kind), plural in PLURALS.items()
        if where == ("/api/v1" if version == "v1" else f"/apis/{version}")
    }
    if not kinds:
        return None
    if where == "/api/v1":
        kinds["Namespace"] = "namespaces"  # kopf waits until it is told of this kind
    return {
        "resources": [
            {
                "name": plural,
                "singularName": kind.lower(),
                "kind": kind,
                "namespaced": kind not in _CLUSTER_WIDE,
                "verbs": ["get", "list", "watch", "create", "patch", "delete"],
            }
            for kind, plural in kinds.items()
        ]
    }


def _where(asked):
    """Return what a path means: `paths.path`, the other way round."""
    asked = asked.removesuffix("/status")
    for version, kind in PLURALS:
        everywhere = Ref(api_version=version, kind=kind, name="")
        if asked == path(everywhere):
            return everywhere
        parts = asked.split("/")
        name = parts[-1]
        namespace = parts[parts.index("namespaces") + 1] if "namespaces" in parts else ""
        for where in (
            Ref(api_version=version, kind=kind, name=name, namespace=namespace),
            Ref(api_version=version, kind=kind, name="", namespace=namespace),
        ):
            if asked == path(where):
                return where
    raise errors.MissingError(f"{asked} is nothing")

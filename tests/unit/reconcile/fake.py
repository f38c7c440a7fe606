"""An API server and a registry in memory, with as much of their ways as the operator relies on.

Server-side apply by one manager: what was applied before and is not any more goes, what others set
stays, lists with keys are merged item by item, and a resourceVersion that is not the newest is
refused. The API server's own additions (defaults, canonical quantities, dropped empty texts) are
made too, since the operator must not take them for changes.
"""

import copy
from collections import Counter

from falapp_operator import errors
from falapp_operator.api import meta
from falapp_operator.api.objects import ref
from falapp_operator.cluster.registry import Image
from tests.unit import samples
from tests.unit.reconcile import serverside

_REPOSITORY = samples.IMAGE.partition("@")[0]


class Cluster:
    """The API server; it stands in for `falapp_operator.cluster.client.Client`."""

    def __init__(self, *objects):
        self.objects = {}
        self.writes = []
        """Every request that could change something, as "verb Kind name"."""
        self.reads = Counter()
        self.trouble = {}
        """{"verb Kind": the error that such a request ends with}."""
        self._applied = {}
        self._version = 1000
        for obj in objects:
            self.put(obj)

    def put(self, obj):
        """Have an object as it is, written by somebody else."""
        self._version += 1
        obj = copy.deepcopy(obj)
        obj["metadata"]["resourceVersion"] = str(self._version)
        self.objects[ref(obj)] = obj
        return obj

    def find(self, kind, name=None):
        """Return the only object of a kind, or the one of that name; None if there is none."""
        found = [o for r, o in self.objects.items() if r.kind == kind and name in (None, r.name)]
        assert len(found) < 2, f"{len(found)} objects of kind {kind}"
        return copy.deepcopy(found[0]) if found else None

    def names(self, kind):
        """Return the names of all objects of a kind."""
        return sorted(r.name for r in self.objects if r.kind == kind)

    def change(self, kind, name=None, **parts):
        """Replace parts (spec, status, …) of an object, as somebody else would."""
        obj = self.find(kind, name)
        if "spec" in parts and parts["spec"] != obj["spec"]:
            obj["metadata"]["generation"] = obj["metadata"].get("generation", 1) + 1
        self.put(obj | parts)

    def remove(self, kind, name=None):
        """Delete an object, as somebody else would, and what only it owned."""
        self._delete(ref(self.find(kind, name)))

    async def get(self, where):
        self._request("get", where)
        return copy.deepcopy(self.objects.get(where))

    async def list(self, api_version, kind, namespace="", *, labels="", fields=""):
        self._fail("list", kind)
        self.reads[f"list {kind}"] += 1
        wanted = dict(pair.split("=") for pair in labels.split(",") if pair)
        name = fields.removeprefix("metadata.name=")
        found = [
            o
            for r, o in sorted(self.objects.items(), key=lambda i: (i[0].namespace, i[0].name))
            if (r.api_version, r.kind) == (api_version, kind)
            and namespace in ("", r.namespace)
            and name in ("", r.name)
            and wanted.items() <= o["metadata"].get("labels", {}).items()
        ]
        return tuple(copy.deepcopy(found))

    async def pages(self, api_version, kind, *, size=500):
        found = await self.list(api_version, kind)
        for start in range(0, max(1, len(found)), size):
            yield found[start : start + size]

    async def apply(self, desired, *, force=True):
        where = ref(desired)
        self._request("apply", where)
        live = self.objects.get(where)
        version = desired["metadata"].get("resourceVersion")
        if version and (live is None or live["metadata"]["resourceVersion"] != version):
            raise errors.ConflictError(f"{where}: the object has been modified")
        before = self._applied.get(where, {})
        if not force and live and serverside.clashes(live, desired, before):
            raise errors.ConflictError(f"{where}: conflict with another manager")
        return self._store(where, live, desired, before)

    async def apply_status(self, where, status, *, version=""):
        self._request("status", where)
        live = self.objects.get(where)
        if live is None:
            raise errors.MissingError(f"{where}: not found")
        if version not in ("", live["metadata"]["resourceVersion"]):
            raise errors.ConflictError(f"{where}: the object has been modified")
        return self.put(
            live | {"status": serverside.dropped(copy.deepcopy(status), keep_empty=True)}
        )

    async def create(self, obj):
        where = ref(obj)
        self._request("create", where)
        if where in self.objects:
            raise errors.ConflictError(f"{where}: already exists")
        return self._store(where, None, obj, {})

    async def scale(self, where, replicas, *, version):
        self._request("scale", where)
        live = self.objects[where]
        if live["metadata"]["resourceVersion"] != version:
            raise errors.ConflictError(f"{where} is another version")
        self.change(where.kind, where.name, spec=live["spec"] | {"replicas": replicas})

    async def delete(self, where, *, uid="", version=""):
        self._request("delete", where)
        if where not in self.objects:
            return
        metadata = self.objects[where]["metadata"]
        if uid not in ("", metadata["uid"]) or version not in ("", metadata["resourceVersion"]):
            raise errors.ConflictError(f"{where} is another one")
        self._delete(where)

    def _request(self, verb, where):
        if verb == "get":
            self.reads[f"get {where.kind}"] += 1
        else:
            self.writes.append(f"{verb} {where.kind} {where.name}")
        self._fail(verb, where.kind)

    def _fail(self, verb, kind):
        if error := self.trouble.get(f"{verb} {kind}"):
            raise error

    def _store(self, where, live, desired, before):
        desired = copy.deepcopy(desired)
        desired["metadata"].pop("resourceVersion", None)
        old = live or {"metadata": {}}
        merged = serverside.merged(serverside.without(old, before, desired), desired)
        merged = serverside.defaulted(
            serverside.dropped(merged, keep_empty=where.api_version == meta.API_VERSION)
        )
        self._applied[where] = desired
        if live is not None and merged == live:
            return copy.deepcopy(live)
        made = samples.metadata(where.name, where.namespace, uid=f"uid-{self._version}")
        merged["metadata"] = made | {"generation": 1} | merged["metadata"]
        if live is not None and merged.get("spec") != live.get("spec"):
            merged["metadata"]["generation"] = live["metadata"].get("generation", 1) + 1
        return copy.deepcopy(self.put(merged))

    def _delete(self, where):
        uid = self.objects.pop(where)["metadata"]["uid"]
        self._applied.pop(where, None)
        alive = {o["metadata"]["uid"] for o in self.objects.values()}
        for dependent, obj in list(self.objects.items()):
            owners = [o["uid"] for o in obj["metadata"].get("ownerReferences", ())]
            if uid in owners and not alive & set(owners):
                self._delete(dependent)


class Registry:
    """The registry; it stands in for `falapp_operator.cluster.registry.Registry`."""

    def __init__(self):
        self.tags = {}
        self.locks = {}
        self.asked = []
        self.error = None

    def push(self, tag, packages=5, size=0, digest=samples.DIGEST):
        """Have an image under ``tag``."""
        reference = f"{_REPOSITORY}@{digest}"
        self.tags[tag] = Image(reference=reference, packages=packages, size=size)

    async def find(self, tag):
        self.asked.append(tag)
        if self.error:
            raise self.error
        return self.tags.get(tag)

    async def lock(self, tag):
        self.asked.append(f"lock of {tag}")
        if self.error:
            raise self.error
        return self.locks.get(tag)


class Git:
    """Git servers; it stands in for `falapp_operator.cluster.git.Git`."""

    def __init__(self):
        self.refs = {}
        """{(url, ref): commit}."""
        self.asked = []
        self.error = None

    async def commit(self, url, ref, login):
        self.asked.append((url, ref, login))
        if self.error:
            raise self.error
        return self.refs[url, ref]

"""What kopf calls, taken from its registry: which event puts which keys into the queue."""

import kopf
import pytest

from falapp_operator import handlers
from falapp_operator.api import meta
from falapp_operator.api.objects import owner_reference
from falapp_operator.errors import MissingError
from falapp_operator.reconcile import machinetypes
from falapp_operator.reconcile.context import BUILD, ENVIRONMENT, FALAPP, GUESTS, MACHINE_TYPE
from falapp_operator.reconcile.queue import Key
from tests.unit import samples, workloads
from tests.unit.reconcile.kopfs import resource, watching

OURS = (meta.GROUP, meta.VERSION)


async def test_a_falapp_wakes_itself(send):
    assert await send(*OURS, "falapps", samples.app()) == [Key(FALAPP, "video", "hello")]


async def test_an_environment_wakes_itself_and_its_apps(send):
    apps = [samples.app("one"), samples.app("two")]
    owners = [owner_reference(app, controller=False) for app in apps]
    foreign = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "x"}
    obj = samples.environment(owners=[*owners, foreign])
    assert await send(*OURS, "environments", obj) == [
        Key(ENVIRONMENT, "video", obj["metadata"]["name"]),
        Key(FALAPP, "video", "one"),
        Key(FALAPP, "video", "two"),
    ]


def owned(*apps, status=None, **metadata):
    """Return an Environment that apps own."""
    owners = [owner_reference(samples.app(app), controller=False) for app in apps]
    obj = samples.environment(owners=owners, status=status)
    obj["metadata"] |= metadata
    return obj


async def test_one_more_owner_is_no_news_to_the_others(send):
    """What came of it before its claim may be what it has not seen: it is woken itself."""

    async def woken(obj, event="MODIFIED"):
        own, *others = await send(*OURS, "environments", obj, event)
        assert own == Key(ENVIRONMENT, "video", obj["metadata"]["name"])
        return [key.name for key in others]

    assert await woken(owned("a")) == ["a"]
    assert await woken(owned("a", "b")) == ["b"]
    assert await woken(owned("a", "b")) == []
    assert await woken(owned("a", "b", status=samples.BUILT)) == ["a", "b"]
    assert await woken(owned("b", "c", status=samples.BUILT)) == ["c"]
    ill = owned("b", "c", annotations={meta.ANNOTATION_RETRY: "1"}, status=samples.BUILT)
    assert await woken(ill) == ["b", "c"]
    assert await woken(owned("b", "c", deletionTimestamp="now")) == ["b", "c"]
    assert await woken(owned("b", "c", deletionTimestamp="now"), "DELETED") == ["b", "c"]
    assert await woken(owned("b", "c", deletionTimestamp="now")) == ["b", "c"], "it is forgotten"
    another = owned("b", "c", uid="another")
    assert await woken(another) == ["b", "c"]
    assert await woken(another) == []


async def test_what_is_listed_anew_is_news(send):
    """Between the end of a watch and the next list anything may have happened, and be undone."""
    own = Key(ENVIRONMENT, "video", owned("a")["metadata"]["name"])
    for _ in range(2):
        woken = await send(*OURS, "environments", owned("a"), None)
        assert woken == [("slow", own), ("slow", Key(FALAPP, "video", "a"))]


async def test_a_claim_wakes_the_claimant_alone(send, world):
    """As it is written: with another stamp and another resourceVersion, too."""
    for app in ("one", "two"):
        world.cluster.put(samples.app(app))
        await world.reconcile_app(app)
        found = world.cluster.find(ENVIRONMENT)
        assert await send(*OURS, "environments", found) == [
            Key(ENVIRONMENT, "video", found["metadata"]["name"]),
            Key(FALAPP, "video", app),
        ]


async def test_an_environment_without_owners_wakes_itself_alone(send):
    obj = samples.environment()
    del obj["metadata"]["ownerReferences"]
    assert await send(*OURS, "environments", obj) == [
        Key(ENVIRONMENT, "video", obj["metadata"]["name"])
    ]


async def test_an_environment_that_a_user_made_wakes_those_who_use_it(send):
    obj = samples.environment()
    del obj["metadata"]["ownerReferences"], obj["metadata"]["labels"]
    name = obj["metadata"]["name"]
    assert await send(*OURS, "environments", obj) == [
        Key(ENVIRONMENT, "video", name),
        Key(GUESTS, "video", name),
    ]
    obj["metadata"]["ownerReferences"] = [owner_reference(samples.app(), controller=False)]
    assert await send(*OURS, "environments", obj) == [
        Key(ENVIRONMENT, "video", name),
        Key(FALAPP, "video", "hello"),
    ]


async def test_a_machine_type_wakes_itself(send):
    woken = await send(*OURS, "machinetypes", samples.machine_type("s"))
    assert woken == [Key(MACHINE_TYPE, "", "s")]


async def test_a_node_wakes_the_count_only_with_news(send):
    def node(**labels):
        return {"metadata": {"name": "one", "labels": labels}, "spec": {}}

    async def woken(obj, type_="MODIFIED"):
        return await send("", "v1", "nodes", obj, type_)

    count = [machinetypes.COUNT]
    assert await woken(node(), None) == [("slow", machinetypes.COUNT)]
    assert await woken(node() | {"status": {"images": ["new"]}}) == []
    assert await woken(node(**{"falapp.dev/machine": "GPU-H100"})) == count
    assert await woken(node(**{"falapp.dev/machine": "GPU-H100"})) == []
    cordoned = node(**{"falapp.dev/machine": "GPU-H100"}) | {"spec": {"unschedulable": True}}
    assert await woken(cordoned) == count
    assert await woken(cordoned, "DELETED") == count
    assert await woken(cordoned, "DELETED") == []


@pytest.mark.parametrize(
    ("where", "obj", "woken"),
    [
        (("apps", "v1", "deployments"), workloads.runner_pod(), [Key(FALAPP, "video", "hello")]),
        (("", "v1", "pods"), workloads.runner_pod(app="wan"), [Key(FALAPP, "video", "wan")]),
        (("batch", "v1", "jobs"), workloads.job("env-1"), [Key(BUILD, "", "env-1")]),
        (("", "v1", "pods"), workloads.build_pod("env-1"), [Key(BUILD, "", "env-1")]),
        (("", "v1", "pods"), workloads.pod("foreign"), []),
    ],
)
async def test_a_child_wakes_what_it_belongs_to(send, where, obj, woken):
    assert await send(*where, obj) == woken


async def test_what_is_there_at_the_start_waits_behind_what_happens(send):
    key = Key(FALAPP, "video", "hello")
    assert await send(*OURS, "falapps", samples.app(), None) == [("slow", key)]
    assert await send("apps", "v1", "deployments", workloads.runner_pod(), None) == [("slow", key)]
    for event in ("ADDED", "MODIFIED", "DELETED"):
        assert await send(*OURS, "falapps", samples.app(), event) == [key]


def test_each_watch_is_looked_after(registry):
    assert {h.selector.plural or h.selector.any_name for h in registry._watching._handlers} == set(
        handlers.WATCHED
    )


@pytest.mark.parametrize("plural", ["falapps", "environments", "machinetypes"])
def test_kopf_neither_marks_nor_holds_our_objects(registry, plural):
    found = resource(*OURS, plural)
    assert len(watching(registry, found)) == 1
    for other in (registry._changing, registry._spawning, registry._indexing, registry._webhooks):
        assert not other._handlers


@pytest.mark.parametrize(
    ("where", "limited"),
    [
        (("apps", "v1", "deployments"), True),
        (("", "v1", "pods"), True),
        (("batch", "v1", "jobs"), True),
        ((*OURS, "falapps"), False),
    ],
)
def test_only_what_is_ours_is_watched(where, limited):
    settings = kopf.OperatorSettings()
    handlers.configure(settings)
    selectors = [
        selector
        for given, selector in settings.watching.label_selectors.items()
        if given.check(resource(*where))
    ]
    assert selectors == (["app.kubernetes.io/managed-by=falapp"] if limited else [])
    assert not settings.posting.enabled
    assert settings.watching.server_timeout < settings.watching.client_timeout


async def test_from_start_to_stop(operator, world, until, monkeypatch):
    """The queue's passes reach the cluster, for every kind of key."""
    closed = []

    async def close():
        closed.append(1)

    async def connect(*_):
        return world.cluster

    world.cluster.close = world.registry.close = close
    operator._settings = samples.settings(machineTypes={"M": {"cpu": "2", "memory": "2Gi"}})
    monkeypatch.setattr(handlers.Client, "connect", connect)
    monkeypatch.setattr(handlers.Registry, "connect", lambda settings: world.registry)
    world.cluster.put(samples.app())
    await operator.start()
    operator.queue.add(Key(MACHINE_TYPE, "", "s"))
    operator.queue.add(Key(FALAPP, "video", "hello"))
    find = world.cluster.find
    await until(lambda: find(MACHINE_TYPE, "m") and find(ENVIRONMENT))
    operator.queue.add(Key(BUILD, "", find(ENVIRONMENT)["metadata"]["name"]))
    await until(lambda: find("Job") and "status" in find(ENVIRONMENT))
    await operator.stop()
    assert len(closed) == 2
    assert machinetypes.KEY.kind in handlers._PASSES


@pytest.mark.parametrize("kind", [FALAPP, ENVIRONMENT, MACHINE_TYPE])
async def test_without_one_of_our_kinds_it_does_not_start(operator, world, monkeypatch, kind):
    """Definitions may be applied by hand, one after the other."""
    closed = []

    async def close():
        closed.append(1)

    async def connect(*_):
        return world.cluster

    world.cluster.close = close
    monkeypatch.setattr(handlers.Client, "connect", connect)
    world.cluster.trouble[f"list {kind}"] = MissingError("404 page not found")
    with pytest.raises(MissingError):
        await operator.start()
    assert not operator.started
    assert closed == [1]


async def test_stopping_what_never_started_is_fine(operator):
    await operator.stop()

"""A real API server on the way from one pod template to another one, back, and on.

The former template comes from a ReplicaSet, with all defaults in it, and is applied by who applies
the others: neither may leave anything in the next one.
"""

from falapp_operator.api import meta
from tests.faults import many, state
from tests.faults.scenarios import app, is_true
from tests.faults.world import APPS, BUILDS
from tests.unit.workloads import SICK

ONE_PLACE = {"rollout": {"maxSurge": 0, "maxUnavailable": 1}}
VARIABLES = [{"name": "A", "value": "1"}]
BROKEN = {
    "env": [SICK, {"name": "B", "value": "2"}],
    "volumes": [{"name": "scratch", "mountPath": "/scratch", "configMap": {"name": "scratch"}}],
    "startupTimeout": "20m",
    "terminationGracePeriod": "90s",
}
QUIET = 1.5


async def ready(world, made):
    await world.apply(made)
    await world.until(lambda seen: is_true(seen, "hello", "Ready"), "is Ready")
    await world.rest(QUIET)


def gave_way(seen):
    told = seen.get(f"falapps {APPS}/hello", {}).get("status", {})
    return told.get("withdrawn") and told.get("readyReplicas") == 1


async def runs(world):
    """Return what runs, without what differs from one run to the next.

    How the image came about does: the second time the registry has it.
    """
    found = state.normal(await world.state())
    told = ("falapps ", "environments ")
    return {k: o for k, o in found.items() if BUILDS not in k and not k.startswith(told)}


async def deployment(world):
    found = await world.api.get("deployments", "hello", APPS)
    return found["spec"]


async def test_no_template_leaves_anything_in_the_next_one(faulty):
    first = app(env=VARIABLES, **ONE_PLACE)
    await ready(faulty, first)
    before = await deployment(faulty)
    served = before["template"]["metadata"]["annotations"][meta.ANNOTATION_REVISION]

    await faulty.apply(app(text="broken", **BROKEN, **ONE_PLACE))
    await faulty.until(gave_way, "the former revision serves again")
    await faulty.rest(QUIET)
    after = await deployment(faulty)
    assert after["template"] == before["template"]
    sets = await faulty.api.list("replicasets", APPS)
    revisions = [
        s["spec"]["template"]["metadata"]["annotations"][meta.ANNOTATION_REVISION] for s in sets
    ]
    assert len(revisions) == len(set(revisions)) == 2, "the former ReplicaSet has pods again"
    assert served in revisions
    restarted = await many.restarted(faulty)
    assert restarted.writes == []

    other = app(text="mended", env=[{"name": "C", "value": "3"}], **ONE_PLACE)
    await ready(faulty, other)
    mended = await runs(faulty)
    await faulty.delete("hello")
    await faulty.until(lambda seen: not seen, "all of it is gone")
    await ready(faulty, other)
    assert state.difference(mended, await runs(faulty)) == []

    await ready(faulty, first)
    assert (await deployment(faulty))["template"] == before["template"]


async def test_going_back_to_what_serves_starts_nothing(faulty):
    first = app(env=VARIABLES, **ONE_PLACE)
    await ready(faulty, first)
    await faulty.apply(app(**BROKEN, **ONE_PLACE))
    seen = await faulty.until(gave_way, "the former revision serves again")
    pods = [key for key in seen if key.startswith(f"pods {APPS}/")]
    await ready(faulty, first)
    seen = await faulty.state()
    assert [key for key in seen if key.startswith(f"pods {APPS}/")] == pods
    told = seen[f"falapps {APPS}/hello"]["status"]
    assert not {"withdrawn", "failure"} & set(told)

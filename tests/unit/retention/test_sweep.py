"""Whole runs, against an API server and a registry in memory."""

from datetime import timedelta

import httpx
import pytest

from falapp_operator import errors
from falapp_operator.environment import key as keys
from falapp_operator.retention import sweep as sweeps
from falapp_operator.retention.sweep import Asked, sweep
from tests.unit import samples, workloads
from tests.unit.reconcile import fake
from tests.unit.retention.store import REPOSITORY, Store

DAY = timedelta(days=1)
ASKED = Asked(after=DAY, namespace="builds", name="falapp-retention")
OLD = samples.environment_spec(layers=(("old==1",),))
USED = samples.environment_spec()
OLD_TAG, USED_TAG = (keys.tag(spec, samples.NAMESPACE) for spec in (OLD, USED))
TORCH, ONLY_OLD = f"layer-{'1' * 64}", f"layer-{'2' * 64}"


@pytest.fixture
def store():
    made = Store(page=2)
    made.push(OLD_TAG, "base", "torch", "old")
    made.push(f"lock-{OLD_TAG}", "the lock of old")
    made.push(USED_TAG, "base", "torch", "used")
    made.push(f"lock-{USED_TAG}", "the lock of used")
    made.push(TORCH, "torch")
    made.push(ONLY_OLD, "old")
    made.push("somebody-elses", "other")
    return made


@pytest.fixture
def cluster():
    return fake.Cluster(samples.environment(USED))


async def run(cluster, store, days=0, asked=ASKED):
    repository = store.repository()
    try:
        return await sweep(cluster, repository, asked, samples.NOW + days * DAY)
    finally:
        await repository.close()


async def test_what_was_unused_for_long_goes_and_nothing_else(cluster, store):
    before = set(store.tags)
    assert await run(cluster, store) == 0
    assert set(store.tags) == before
    assert cluster.writes == ["apply ConfigMap falapp-retention"]
    assert await run(cluster, store, days=1) == 3
    assert before - set(store.tags) == {OLD_TAG, f"lock-{OLD_TAG}", ONLY_OLD}
    assert await run(cluster, store, days=1) == 0


async def test_nothing_new_writes_nothing(cluster, store):
    await run(cluster, store)
    cluster.writes.clear()
    await run(cluster, store)
    assert cluster.writes == []
    assert not [r for r in store.requests if not r.startswith("GET")]


@pytest.mark.parametrize("kind", ["Pod", "ReplicaSet", "Deployment"])
async def test_what_runs_or_could_be_rolled_back_to_keeps_its_image(cluster, store, kind):
    """Also one that its tag no longer names, and with it the layers that are in it."""
    digest = store.tags.pop(OLD_TAG)
    pod = workloads.runner_pod()
    pod["spec"] = {"containers": [{"name": "app", "image": f"{REPOSITORY}@{digest}"}]}
    if kind != "Pod":
        template = {"spec": pod["spec"], "metadata": {}}
        pod |= {"apiVersion": "apps/v1", "kind": kind, "spec": {"template": template}}
    cluster.put(pod)
    await run(cluster, store)
    assert await run(cluster, store, days=1) == 1  # the lock: nobody asks for that by its digest
    assert digest in store.manifests
    assert ONLY_OLD in store.tags


async def test_of_all_digests_only_those_of_our_images_are_asked_for(cluster, store):
    """Docker's registry answers 500 to the digest of an image's configuration, as nodes tell it."""
    pod = workloads.runner_pod()
    other = {"image": f"registry.example/other@{samples.DIGEST}", "imageID": samples.DIGEST}
    pod["status"]["containerStatuses"] = [other]
    cluster.put(pod)
    await run(cluster, store)
    assert not [r for r in store.requests if "sha256:" in r]


async def test_one_that_an_app_wants_meanwhile_stays(cluster, store, caplog):
    await run(cluster, store)
    caplog.set_level("INFO", "falapp_operator")
    listed = cluster.list

    async def comes(api_version, kind, *args, fields="", **more):
        """It comes after everything was gathered, right before its image would go."""
        if fields:
            cluster.put(samples.environment(OLD, namespace="audio"))
        return await listed(api_version, kind, *args, fields=fields, **more)

    cluster.list = comes
    assert await run(cluster, store, days=1) == 0
    assert {OLD_TAG, f"lock-{OLD_TAG}", ONLY_OLD} <= set(store.tags)
    assert "is used again" in caplog.text
    assert "no layer is deleted this time" in caplog.text


@pytest.mark.parametrize("kind", ["Environment", "Pod", "Deployment", "ReplicaSet"])
async def test_without_knowing_what_is_used_nothing_goes(cluster, store, kind):
    await run(cluster, store)
    cluster.trouble[f"list {kind}"] = errors.TransientError("no answer")
    with pytest.raises(errors.TransientError):
        await run(cluster, store, days=1)
    assert OLD_TAG in store.tags


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            httpx.Response(405, json={"errors": [{"code": "UNSUPPORTED"}]}),
            "405 UNSUPPORTED; allow deletions in the registry's own settings, or set"
            " registry.retention.enabled to false",
        ),
        (
            httpx.Response(403, json={"errors": [{"code": "DENIED"}]}),
            "403 DENIED; give the login of registry.retention.secret of the operator's chart the"
            " right to delete from the repository",
        ),
        (httpx.Response(500, text="?"), "refused to delete an image: 500; the next run tries"),
    ],
)
async def test_a_registry_that_does_not_delete_ends_the_run_with_one_sentence(
    cluster, store, answer, says
):
    await run(cluster, store)
    store.refusals["DELETE"] = answer
    with pytest.raises(errors.TransientError) as caught:
        await run(cluster, store, days=1)
    assert says in str(caught.value)
    assert len([r for r in store.requests if r.startswith("DELETE")]) == 1


async def test_a_run_that_was_stopped_goes_on_with_the_next(cluster, store):
    await run(cluster, store)
    store.refusals["DELETE"] = httpx.Response(503)
    with pytest.raises(errors.TransientError):
        await run(cluster, store, days=1)
    store.refusals.clear()
    assert await run(cluster, store, days=1) == 3


async def test_no_repository_is_nothing_to_do(cluster):
    store = Store()
    store.refusals["GET"] = httpx.Response(404, json={"errors": [{"code": "NAME_UNKNOWN"}]})
    assert await run(cluster, store) == 0
    assert cluster.writes == []


@pytest.mark.parametrize(
    "data", [None, {"unused.json": "no json"}, {"unused.json": '{"x": 1}'}, {"unused.json": "[]"}]
)
async def test_a_memory_that_cannot_be_read_begins_anew(cluster, store, data):
    memory = {"apiVersion": "v1", "kind": "ConfigMap", "data": data}
    cluster.put(memory | {"metadata": samples.metadata(ASKED.name, ASKED.namespace)})
    assert await run(cluster, store, days=9) == 0
    assert await run(cluster, store, days=10) == 3


def test_it_remembers_what_it_wrote():
    told = {OLD_TAG: samples.NOW}
    where = sweeps.Ref(api_version="v1", kind="ConfigMap", namespace="n", name="x")
    assert sweeps.remembered(sweeps._memory(where, told)) == told

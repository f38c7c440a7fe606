"""`plan.plan`: snapshot in, what shall exist out."""

import dataclasses

import pytest

from falapp_operator.api.objects import owner_reference, stamped
from falapp_operator.reconcile import drift
from falapp_operator.reconcile.plan import plan
from tests.unit import samples, workloads
from tests.unit.reconcile.snapshots import SETTINGS, seen, served


def kinds(made):
    return [c.desired["kind"] for c in made.changes]


def written(made):
    """Return the kinds of what a pass would write."""
    return [
        c.desired["kind"] for c in made.changes if not drift.unchanged(c.live, stamped(c.desired))
    ]


def former(name="env-former", *others):
    """Return an Environment that the app has used before, with other owners besides it."""
    mine = owner_reference(samples.app(), controller=False)
    owners = [mine, *(owner_reference(samples.app(o), controller=False) for o in others)]
    spec = samples.environment_spec(layers=(("former",),))
    return samples.environment(spec, name=name, owners=owners, status=samples.BUILT)


def test_first_the_environment_is_asked_for():
    made = plan(seen(), SETTINGS)
    assert kinds(made) == ["Environment"]
    (claim,) = made.changes
    assert claim.live is None
    assert claim.desired["spec"] == {
        "baseImage": samples.BASE,
        "pythonVersion": "3.11",
        "platform": "linux/amd64",
        "resolver": "uv",
        "layers": [["requests==2.32.3"]],
        "secrets": [],
    }
    assert made.environment == claim.desired["metadata"]["name"]
    assert "resourceVersion" not in claim.desired["metadata"]
    assert not made.rolled_out


@pytest.mark.parametrize(
    "status", [{}, samples.BUILDING, samples.NOT_FOUND, samples.RETRIED], ids=str
)
def test_nothing_happens_until_the_environment_is_ready(status):
    made = plan(seen(environment=status), SETTINGS)
    assert made.changes == made.deletions == ()
    assert made.environment


def test_a_ready_environment_is_run():
    made = plan(seen(environment=samples.BUILT), SETTINGS)
    assert kinds(made) == ["ConfigMap", "Deployment", "Service"]
    assert made.deletions == ()
    assert not made.rolled_out
    source, deployment, *_ = (c.desired for c in made.changes)
    pod = deployment["spec"]["template"]["spec"]
    assert pod["volumes"][0]["configMap"]["name"] == source["metadata"]["name"]
    assert pod["containers"][0]["image"] == samples.IMAGE
    assert pod["initContainers"][0]["image"] == "runtime:3.11"


def test_runners_pull_with_the_secrets_of_the_settings():
    settings = samples.settings(runners={"imagePullSecrets": ["regcred"]})
    made = plan(seen(environment=samples.BUILT), settings)
    pod = made.changes[1].desired["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "regcred"}]


def test_what_serves_is_left_alone():
    made = plan(served(), SETTINGS)
    assert made.rolled_out
    assert written(made) == []
    assert made.deletions == ()


@pytest.mark.parametrize(
    "broken",
    [
        {"machine": None},
        {"python": "3.9"},
        {"files": {}},
        {"environment": None, "machine": None},
    ],
    ids=str,
)
def test_nothing_is_applied_on_an_error(broken):
    made = plan(dataclasses.replace(served(), **broken), SETTINGS)
    assert made.error is not None
    assert made.changes == made.deletions == ()
    assert made.environment == ""
    assert made.runners.ready == 1


def test_old_keeps_serving_while_a_new_environment_builds():
    now = served(former_environments=(former(),))
    for status in ({}, samples.BUILDING, samples.NOT_FOUND):
        environment = samples.environment_of(now.app, status=status)
        made = plan(dataclasses.replace(now, environment=environment), SETTINGS)
        assert made.changes == made.deletions == ()
        assert (made.runners.ready, made.runners.current) == (1, 0)


def test_an_environment_of_others_gets_one_more_owner():
    other = owner_reference(samples.app("other"), controller=False)
    environment = samples.environment_of(samples.app(), owners=[other], status=samples.BUILDING)
    made = plan(seen_with(environment), SETTINGS)
    (claim,) = made.changes
    assert claim.live == environment
    owners = claim.desired["metadata"]["ownerReferences"]
    assert [o["name"] for o in owners] == ["other", "hello"]
    assert not any(o["controller"] for o in owners)
    assert claim.desired["metadata"]["resourceVersion"] == "1000"


def seen_with(environment, **more):
    return dataclasses.replace(seen(environment={}), environment=environment, **more)


def test_an_environment_without_owners_becomes_the_apps():
    """Whoever deleted its last app may have left it: `kubectl delete --cascade=orphan`."""
    environment = samples.environment_of(samples.app(), owners=[], status=samples.BUILT)
    del environment["metadata"]["ownerReferences"]
    made = plan(seen_with(environment), SETTINGS)
    assert kinds(made) == ["Environment", "ConfigMap", "Deployment", "Service"]
    assert [o["name"] for o in made.changes[0].desired["metadata"]["ownerReferences"]] == ["hello"]


def test_an_app_made_anew_owns_under_its_new_uid():
    stale = owner_reference(samples.app(uid="uid-before"), controller=False)
    environment = samples.environment_of(samples.app(), owners=[stale], status=samples.BUILT)
    owners = plan(seen_with(environment), SETTINGS).changes[0].desired["metadata"]
    assert [o["uid"] for o in owners["ownerReferences"]] == ["uid-before", "uid-of-hello"]


OLD_POD = workloads.runner_pod("old", revision="old")
STARTING = workloads.running("runner", ready=False)


@pytest.mark.parametrize(
    ("pods", "whole"),
    [
        ([workloads.runner_pod("new")], True),
        ([], False),
        ([workloads.runner_pod("new", containers=[STARTING])], False),
        ([OLD_POD], False),
        ([workloads.runner_pod("new"), OLD_POD], False),
        ([workloads.runner_pod("new"), workloads.runner_pod("one too many")], False),
        (
            [
                workloads.runner_pod("new"),
                workloads.runner_pod("old", revision="old", deletionTimestamp=samples.at()),
            ],
            False,
        ),
        (
            [
                workloads.runner_pod("new"),
                workloads.runner_pod(
                    "old", revision="old", deletionTimestamp=samples.at(), containers=[STARTING]
                ),
            ],
            True,
        ),
    ],
    ids=[
        *("whole", "none", "starting", "only old", "old remains", "too many"),
        *("old may answer yet", "old has drained"),
    ],
)
def test_leftovers_go_only_once_the_new_revision_is_whole(pods, whole):
    former_source = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": samples.metadata(
            "hello-source-00000000",
            ownerReferences=[owner_reference(samples.app(), controller=True)],
        ),
    }
    base = served(None, *pods) if pods else dataclasses.replace(served(), pods=())
    foreign = {**former_source, "metadata": samples.metadata("hello-source-of-a-user")}
    now = dataclasses.replace(
        base,
        sources=(*base.sources, former_source, foreign),
        former_environments=(former("env-alone"), former("env-shared", "other")),
    )
    made = plan(now, SETTINGS)
    assert made.rolled_out == whole
    gone = [(o["kind"], o["metadata"]["name"]) for o in made.deletions]
    released = [c for c in made.changes if c.desired["kind"] == "Environment"]
    if not whole:
        assert gone == released == []
        return
    assert gone == [("ConfigMap", "hello-source-00000000"), ("Environment", "env-alone")]
    (release,) = released
    assert release.desired["metadata"]["name"] == "env-shared"
    assert [o["name"] for o in release.desired["metadata"]["ownerReferences"]] == ["other"]
    assert release.desired["metadata"]["resourceVersion"] == "1000"
    assert release.desired["spec"] == release.live["spec"]


def test_an_old_deployment_is_not_rolled_out_though_its_pods_are_ready():
    """A pass that is about to change the Deployment must not clean up after the change."""
    now = served()
    changed = samples.app(entrypoint="app.py::Other")
    later = dataclasses.replace(
        now, app=changed, spec=type(now.spec).model_validate(changed["spec"])
    )
    made = plan(later, SETTINGS)
    assert not made.rolled_out
    assert written(made) == ["Deployment"]


@pytest.mark.parametrize(("replicas", "pods", "whole"), [(0, 0, True), (0, 1, False), (3, 3, True)])
def test_whole_means_as_many_as_asked_for(replicas, pods, whole):
    now = served(
        samples.app(replicas=replicas), *(workloads.runner_pod(f"p{i}") for i in range(pods))
    )
    made = plan(now if pods else dataclasses.replace(now, pods=()), SETTINGS)
    assert made.rolled_out == whole


def test_an_app_without_runners_is_whole_once_its_deployment_is():
    """Else what the Deployment still names would be deleted under it."""
    now = served(samples.app(replicas=0), workloads.runner_pod(revision="old"))
    changed = samples.app(replicas=0, entrypoint="app.py::Other")
    later = dataclasses.replace(
        now, app=changed, spec=type(now.spec).model_validate(changed["spec"]), pods=()
    )
    made = plan(later, SETTINGS)
    assert not made.rolled_out
    assert made.deletions == ()

"""The Deployment, Service and ConfigMap of an app."""

from pathlib import Path

import pytest

from falapp_operator.api import meta
from falapp_operator.runner import deployment, disruption, network, source
from tests.unit import golden, samples


def made_deployment(app, runner):
    return deployment.deployment(app, runner, "env-0123456789abcdef")


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_the_manifests_of_an_app(make_runner, name):
    app = samples.app("hello")
    runner = make_runner(
        machine=samples.GPU if name == "gpu" else None,
        env=[{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "hf", "key": "token"}}}],
        startupTimeout="20m",
    )
    golden.check(
        Path(__file__).parent / f"{name}.golden.yaml",
        source.config_map(app, source.Files(texts={"app.py": samples.CODE})),
        made_deployment(app, runner),
        network.service(app),
        disruption.budget(app),
    )


@pytest.mark.parametrize(
    ("machine", "surge", "unavailable"), [(None, 1, 0), (samples.GPU, 0, 1)], ids=["cpu", "gpu"]
)
def test_gpu_apps_make_room_first(make_runner, machine, surge, unavailable):
    made = made_deployment(samples.app(), make_runner(machine=machine))
    assert made["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable},
    }


@pytest.mark.parametrize(
    ("rollout", "machine", "surge", "unavailable"),
    [
        ({}, None, 1, 0),
        ({}, samples.GPU, 0, 1),
        ({"type": "RollingUpdate"}, samples.GPU, 0, 1),
        ({"maxSurge": 1}, samples.GPU, 1, 0),
        ({"maxSurge": "50%"}, None, "50%", 0),
        ({"maxSurge": 0}, None, 0, 1),
        ({"maxSurge": "0%"}, None, "0%", 1),
        ({"maxUnavailable": 0}, samples.GPU, 1, 0),
        ({"maxUnavailable": "0%"}, samples.GPU, 1, "0%"),
        ({"maxUnavailable": "25%"}, samples.GPU, 0, "25%"),
        ({"maxUnavailable": 2}, None, 1, 2),
        ({"maxSurge": 2, "maxUnavailable": 1}, None, 2, 1),
    ],
    ids=str,
)
def test_what_a_rollout_leaves_out_never_stops_it(
    make_runner, rollout, machine, surge, unavailable
):
    made = made_deployment(samples.app(), make_runner(machine=machine, rollout=rollout))
    assert made["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable},
    }


def test_recreate_has_nothing_of_a_rolling_update(make_runner):
    """Server-side apply takes back what was applied before, or the API server would refuse it."""
    made = made_deployment(samples.app(), make_runner(rollout={"type": "Recreate"}))
    assert made["spec"]["strategy"] == {"type": "Recreate"}


def test_a_suspended_app_keeps_no_runner(make_runner):
    for suspend, runners in ((True, 0), (False, 3)):
        made = made_deployment(samples.app(), make_runner(replicas=3, suspend=suspend))
        assert made["spec"]["replicas"] == runners


@pytest.mark.parametrize("replicas", [0, 1, 3])
def test_the_deployment_keeps_as_many_as_asked_for(make_runner, replicas):
    made = made_deployment(samples.app(), make_runner(replicas=replicas, startupTimeout="1h"))
    assert made["spec"]["replicas"] == replicas
    assert made["spec"]["progressDeadlineSeconds"] > 3600
    labels = made["spec"]["template"]["metadata"]["labels"]
    assert made["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_the_service_finds_ready_runners_alone():
    made = network.service(samples.app("wan"))
    assert made["spec"]["selector"] == {meta.LABEL_APP: "wan"}
    assert made["spec"]["ports"][0]["port"] == 80
    assert made["spec"]["ports"][0]["targetPort"] == "http"
    assert "publishNotReadyAddresses" not in made["spec"]
    assert network.url(samples.app("wan")) == "http://wan.video.svc"


def test_a_node_is_drained_of_one_runner_after_another_and_of_a_broken_one_at_once():
    spec = disruption.budget(samples.app("wan"))["spec"]
    assert spec["selector"] == {"matchLabels": {meta.LABEL_APP: "wan"}}
    assert spec["maxUnavailable"] == "25%"
    assert spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_everything_is_the_apps_own(make_runner):
    app = samples.app("hello", uid="uid-7")
    for made in (
        made_deployment(app, make_runner()),
        network.service(app),
        disruption.budget(app),
        source.config_map(app, source.Files(texts={"app.py": ""})),
    ):
        assert made["metadata"]["namespace"] == samples.NAMESPACE
        (owner,) = made["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["name"], owner["uid"]) == ("FalApp", "hello", "uid-7")
        assert owner["controller"] is True


def test_other_files_have_another_name():
    one, same, other, renamed = (
        source.config_map_name("hello", source.Files(texts=texts))
        for texts in (
            {"a.py": "1", "b.py": "2"},
            {"b.py": "2", "a.py": "1"},
            {"a.py": "1", "b.py": "3"},
            {"a.py": "1", "c.py": "2"},
        )
    )
    assert one == same
    assert len({one, other, renamed}) == 3


@pytest.mark.parametrize("app", ["a", "hello", "x" * 63])
def test_the_name_of_the_files_is_a_valid_one(app):
    name = source.config_map_name(app, source.Files(texts={"app.py": samples.CODE}))
    assert len(name) <= 63
    assert meta.shortened(name) == name

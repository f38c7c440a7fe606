"""An app with one GPU and a revision that cannot start: the former one answers again by itself."""

import json

import pytest

from tests.kube.kubectl import condition, poll
from tests.kube.writes import assert_quiet

APP, MACHINE = "one", "test-one-gpu"
CODE = """\
import fal


class One(fal.App):
    def setup(self):
        self.word = {word}

    @fal.endpoint("/")
    def answer(self) -> dict:
        return {{"word": self.word}}
"""
FIRST, THIRD = CODE.format(word='"first"'), CODE.format(word='"third"')
BROKEN = CODE.format(word="open('/no/such/weights')")
ENDED = 240
"""Seconds for two failed starts, the kubelet's pause between them, and a third start."""


@pytest.fixture(scope="module")
def machine(kube):
    """A machine type with one GPU of the A100 worker."""
    made = {
        "apiVersion": "falapp.dev/v1alpha1",
        "kind": "MachineType",
        "metadata": {"name": MACHINE},
        "spec": {
            "cpu": "250m",
            "memory": "256Mi",
            "gpu": {"count": 1},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
            "nodeSelectorTerms": [
                {
                    "matchExpressions": [
                        {"key": "falapp.dev/machine", "operator": "In", "values": ["GPU-A100"]}
                    ]
                }
            ],
        },
    }
    kube.apply(made)
    yield MACHINE
    kube.delete("machinetype", MACHINE)


@pytest.fixture
def put(apps, machine, namespace):
    """Apply the app with other code, by the rollout that GPU apps have when none is said."""

    def apply(code):
        source = {"inline": {"app.py": code}}
        apps.apply(namespace, APP, machineType=machine, entrypoint="app.py", source=source)

    return apply


@pytest.fixture
def gave_way(apps, namespace):
    """Wait until the former revision has its place again, after the try of a value of retry."""

    def wait(retried=""):
        def good(app):
            told = app.get("status", {})
            serves = told.get("readyReplicas") == app["spec"]["replicas"]
            return told.get("withdrawn") and serves and told.get("retried", "") == retried

        return apps.until(namespace, APP, good, "is served by its former revision", ENDED)

    return wait


def runners(kube, namespace):
    """Return {name: revision} of the app's pods that are not on their way out."""
    return {
        pod["metadata"]["name"]: pod["metadata"]["annotations"]["falapp.dev/revision"]
        for pod in kube.list("pods", namespace, f"falapp.dev/app={APP}")
        if "deletionTimestamp" not in pod["metadata"]
    }


def tells_both(kube, app):
    """Check that the status says what failed, and what serves."""
    failure, ready = app["status"]["failure"], condition(app, "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "SetupFailed")
    serves = "the former revision has its place again: 1 of 1 runners of it are ready"
    assert ready["message"] == f"{failure['message']}; {serves}"
    assert condition(app, "Stalled")["message"] == ready["message"]
    assert condition(app, "Withdrawn")["reason"] == "RolledBack"
    assert "/no/such/weights" in failure["message"]
    assert "open('/no/such/weights')" in failure["logTail"]
    assert "RolledBack" in kube.run(*failure["command"].split()[1:])


def test_an_only_gpu_comes_back_to_what_served(kube, apps, caller, put, gave_way, namespace):
    put(FIRST)
    app = apps.ready(namespace, APP)
    url, first = app["status"]["url"], app["status"]["latestReadyRevision"]
    caller.until(url, {}, {"word": "first"})

    put(BROKEN)
    app = gave_way()
    caller.until(url, {}, {"word": "first"})
    tells_both(kube, app)
    assert list(runners(kube, namespace).values()) == [first]
    assert_quiet(kube, namespace, seconds=5)

    # it is as good as any other: it is scaled, and a restart of it is one
    kube.run("scale", "falapp", APP, "-n", namespace, "--replicas=2")
    poll(
        lambda: apps.get(namespace, APP)["status"]["readyReplicas"],
        lambda count: count == 2,
        what="the former revision is scaled",
        seconds=180,
    )
    kube.run("scale", "falapp", APP, "-n", namespace, "--replicas=1")

    kube.run("annotate", "falapp", APP, "-n", namespace, "falapp.dev/retry=once")
    app = gave_way(retried="once")
    assert condition(app, "Ready")["reason"] == "SetupFailed"
    assert set(runners(kube, namespace).values()) == {first}

    put(THIRD)
    app = apps.ready(namespace, APP)
    assert app["status"]["latestReadyRevision"] != first
    assert not {"withdrawn", "failure"} & set(app["status"])
    caller.until(url, {}, {"word": "third"})
    [revision] = runners(kube, namespace).values()
    assert revision == app["status"]["latestReadyRevision"]


def test_going_back_starts_nothing(kube, apps, caller, put, gave_way, namespace):
    put(FIRST)
    app = apps.ready(namespace, APP)
    put(BROKEN)
    gave_way()
    before = runners(kube, namespace)
    put(FIRST)
    apps.ready(namespace, APP)
    assert runners(kube, namespace) == before
    assert caller.post(app["status"]["url"], {}) == {"word": "first"}
    told = json.loads(kube.run("get", "events", "-n", namespace, "-o", "json"))["items"]
    withdrawn = [e for e in told if e["reason"] == "RolledBack"]
    assert [e["type"] for e in withdrawn] == ["Warning"]

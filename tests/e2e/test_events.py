"""What a person sees of an app's way: one Event for each transition, and a status before any."""

import contextlib
from collections import Counter

import pytest

from tests.kube import install
from tests.kube.kubectl import KubectlError, poll
from tests.kube.writes import assert_quiet
from tests.status import readers

CODE = """\
import fal


class App(fal.App):
    def setup(self):
        {setup}

    @fal.endpoint("/")
    def tell(self) -> dict:
        return {{}}
"""
RAISING = 'raise ValueError("the weights are not where they should be")'
MISSING = "falapp-no-such-package==9.9.9"
NAME = "told"


@pytest.fixture
def stage(kube, apps, namespace):
    """An app that is changed, and what is told of it."""
    return Stage(kube, apps, namespace)


class Stage:
    def __init__(self, kube, apps, namespace):
        self.kube, self.apps, self.namespace = kube, apps, namespace

    def apply(self, setup="pass", name=NAME, requirements=()):
        source = {"inline": {"app.py": CODE.format(setup=setup)}}
        self.apps.apply(
            self.namespace, name, entrypoint="app.py", source=source, requirements=[*requirements]
        )

    def events(self, kind="FalApp"):
        """Return the operator's Events of the app, or of the Environments of the namespace."""
        return [
            e
            for e in self.kube.list("events", self.namespace)
            if e["involvedObject"]["kind"] == kind
            and (kind == "Environment" or e["involvedObject"]["name"] == NAME)
            and e.get("reportingComponent") == "falapp.dev/operator"
        ]

    def reasons(self, kind="FalApp"):
        return Counter(f"{e['type']} {e['reason']}" for e in self.events(kind))

    def restarts(self):
        """Return how often the kubelet has started a runner again."""
        pods = self.kube.list("pods", self.namespace)
        runners = [s for p in pods for s in p["status"].get("containerStatuses", ())]
        return max((s["restartCount"] for s in runners), default=0)

    def describe(self):
        return self.kube.run("describe", "fa", NAME, "-n", self.namespace)

    @contextlib.contextmanager
    def without_operator(self):
        """Have no operator for a while, and another one after it."""
        [deployment] = self.kube.list("deployments", install.NAMESPACE)
        where = (f"deployment/{deployment['metadata']['name']}", "-n", install.NAMESPACE)
        try:
            self.kube.run("scale", *where, "--replicas=0")
            poll(
                lambda: self.kube.list("pods", install.NAMESPACE),
                lambda pods: not pods,
                what="the operator has ended",
                seconds=60,
            )
            yield
        finally:
            self.kube.run("scale", *where, f"--replicas={deployment['spec']['replicas']}")
            self.kube.run("rollout", "status", *where, "--timeout=120s")


def told(shown):
    """Return the part of `kubectl describe` that has the Events."""
    return shown.partition("Events:")[2]


def test_one_event_for_each_transition(stage):
    fails_to_build(stage)
    stage.apply()
    stage.apps.ready(stage.namespace, NAME)
    assert "runners are ready" in told(stage.describe())
    fails_in_setup(stage)
    stage.apply()
    stage.apps.ready(stage.namespace, NAME)

    found = stage.reasons()
    assert found["Normal RunnersReady"] == 2
    assert found["Normal Building"] == 1
    warnings = {r: n for r, n in found.items() if r.startswith("Warning")}
    assert warnings == {"Warning PackageNotFound": 1, "Warning SetupFailed": 1}
    assert sum(found.values()) <= 12, found
    assert {e["count"] for e in stage.events()} == {1}

    with stage.without_operator():
        is_not_finished_unseen(stage)
    stage.apps.ready(stage.namespace, "unseen")
    stage.kube.run("annotate", "fa", NAME, "-n", stage.namespace, "looked=again")
    assert_quiet(stage.kube, stage.namespace)
    assert stage.reasons() == found


def fails_to_build(stage):
    stage.apply(requirements=[MISSING])
    stage.apps.stalled(stage.namespace, NAME, "PackageNotFound")
    shown = stage.describe()
    assert "Warning  PackageNotFound" in told(shown)
    assert MISSING in told(shown)
    assert stage.reasons("Environment")["Warning PackageNotFound"] == 1
    assert stage.reasons("Environment")["Normal Building"] >= 2, "steps"


def fails_in_setup(stage):
    stage.apply(setup=RAISING)
    stage.apps.stalled(stage.namespace, NAME, "SetupFailed")
    poll(stage.restarts, lambda n: n >= 2, what="the runner is tried again", seconds=90)
    shown = stage.describe()
    assert "ValueError: the weights are not where they should be" in told(shown)
    assert "kubectl logs" in shown


def is_not_finished_unseen(stage):
    """An app that no operator has looked at."""
    stage.apply(name="unseen")
    unseen = stage.apps.get(stage.namespace, "unseen")
    assert unseen["status"] == {"observedGeneration": -1}
    assert readers.kstatus(unseen) == "InProgress"
    wait = ("wait", "falapp/unseen", "--for=condition=Ready", "--timeout=0s")
    with pytest.raises(KubectlError, match="condition not met"):
        stage.kube.run(*wait, "-n", stage.namespace)

"""What serves stays until what is new serves, and runners are as many as somebody asks for."""

import json
from dataclasses import dataclass

import pytest

from tests.kube.apps import Apps
from tests.kube.kubectl import Kube, condition, poll
from tests.kube.load import load

APP = "roll"
CONNECTIONS = 12
CODE = """\
import asyncio

import fal


class Roll(fal.App, max_multiplexing=24):
    def setup(self):
        self.word = "first"

    @fal.endpoint("/")
    async def answer(self) -> dict:
        await asyncio.sleep(0.1)
        return {"word": self.word}

    @fal.endpoint("/slow")
    async def slow(self) -> dict:
        await asyncio.sleep(2)
        return {"word": self.word}
"""
BROKEN_BUILD = ["falapp-no-such-package==9.9.9"]
BROKEN_IMPORT = CODE.replace("import fal\n", "import fal\nimport nowhere_to_be_found\n")
BROKEN_SETUP = CODE.replace('self.word = "first"', 'raise ValueError("no weights")')
MENDED = CODE.replace('"first"', '__import__("humanize").ordinal(3)')


@dataclass(frozen=True)
class Roll:
    """The app, as those who work with it see it."""

    kube: Kube
    apps: Apps
    where: str

    @property
    def url(self):
        return f"http://{APP}.{self.where}.svc"

    def put(self, code=CODE, **spec):
        """Apply a manifest in which no replicas stand."""
        source = {"inline": {"app.py": code}}
        self.apps.apply(self.where, APP, entrypoint="app.py", source=source, **spec)

    def patch(self, **spec):
        body = json.dumps({"spec": spec})
        self.kube.run("patch", "falapp", APP, "-n", self.where, "--type=merge", f"--patch={body}")

    def ready(self):
        return self.apps.ready(self.where, APP)

    def stalled(self, reason):
        return self.apps.stalled(self.where, APP, reason)

    def told(self, *parts):
        """Wait until Ready's message tells all of it."""
        return self.apps.until(
            self.where,
            APP,
            lambda app: all(part in message(app) for part in parts),
            f"tells {parts}",
            90,
        )

    def get(self, kind):
        return self.kube.get(kind, APP, self.where)

    def pods(self):
        """Return {pod: its node} of the runners that are not on their way out."""
        return {
            pod["metadata"]["name"]: pod["spec"].get("nodeName")
            for pod in self.kube.list("pods", self.where, f"falapp.dev/app={APP}")
            if "deletionTimestamp" not in pod["metadata"]
        }

    def replaced(self, before):
        """Wait until other runners than before are all that serve."""
        poll(
            lambda: set(self.pods()),
            lambda now: now and not now & set(before),
            what="all runners are others",
            seconds=90,
        )
        return self.ready()

    def scale(self, replicas):
        """Read and write the subresource, as KEDA does; return what was read."""
        path = f"/apis/falapp.dev/v1alpha1/namespaces/{self.where}/falapps/{APP}/scale"
        found = json.loads(self.kube.run("get", "--raw", path))
        wanted = json.dumps(found | {"spec": {"replicas": replicas}})
        self.kube.run("replace", "--raw", path, "-f", "-", stdin=wanted)
        return found


def message(app):
    return condition(app, "Ready").get("message", "")


@pytest.fixture(scope="module")
def roll(kube, apps, shared_namespace):
    """The app with one runner; nothing but autoscalers and people says how many."""
    made = Roll(kube, apps, shared_namespace)
    made.put()
    made.ready()
    yield made
    kube.delete("falapp", APP, shared_namespace)


@pytest.fixture
def loaded(kube, cluster, roll):
    """Load on the app, from a pod."""
    return load(kube, cluster.images.base["3.11"], roll.where, roll.url, CONNECTIONS)


def check(counted):
    assert counted.lost == 0, "\n".join(counted.errors)
    assert counted.statuses == {"200": counted.sent}, counted
    assert counted.sent > 200
    print(f"{counted.sent} requests, {counted.lost} lost, by runner: {counted.runners}")


def test_what_is_broken_takes_nothing_down(kube, caller, roll, loaded):
    serves = "{} of the former revision still serve{}"
    one, both = serves.format("1 runner", "s"), serves.format("2 runners", "")
    with loaded as counted:
        roll.put(requirements=BROKEN_BUILD)
        app = roll.stalled("PackageNotFound")
        assert one in message(app)
        assert one in condition(app, "Stalled")["message"]
        assert BROKEN_BUILD[0] in app["status"]["failure"]["message"]

        # what serves is scaled, though the new revision cannot be built
        kube.run("scale", "falapp", APP, "-n", roll.where, "--replicas=2")
        app = roll.told(BROKEN_BUILD[0], both)
        assert app["status"]["readyReplicas"] == 2
        # Kubernetes spreads them by itself
        assert len(set(roll.pods().values())) == 2

        roll.put(BROKEN_IMPORT)
        app = roll.stalled("ImportFailed")
        assert both in message(app)
        assert "nowhere_to_be_found" in app["status"]["failure"]["message"]
        assert caller.post(roll.url, {}) == {"word": "first"}

        # as GPU apps do it: there is no room for a third
        roll.put(BROKEN_SETUP, rollout={"maxSurge": 0})
        roll.stalled("SetupFailed")
        roll.told("no weights", "has its place again: 2 of 2 runners of it are ready")
        roll.put(rollout={"maxSurge": 0})
        assert message(roll.ready()) == "2 of 2 runners are ready"
        assert caller.post(roll.url, {}) == {"word": "first"}
    check(counted)


def test_forward_and_back_and_started_anew(kube, jobs, caller, roll, loaded):
    with loaded as counted:
        first = roll.ready()["status"]["environment"]
        roll.put(MENDED, requirements=["humanize==4.17.0"])
        roll.ready()
        caller.until(roll.url, {}, {"word": "3rd"})

        roll.put()
        app = roll.ready()
        caller.until(roll.url, {}, {"word": "first"})
        assert app["status"]["environment"] == first
        assert condition(app, "EnvironmentReady")["reason"] == "FoundInRegistry"
        assert jobs.started(first["name"]) == 0

        before = roll.pods()
        kube.run("annotate", "falapp", APP, "-n", roll.where, "falapp.dev/restart=once")
        roll.replaced(before)

        before, deployment = roll.pods(), (f"deployment/{APP}", "-n", roll.where)
        kube.run("rollout", "restart", *deployment)
        kube.run("rollout", "status", *deployment, "--timeout=90s")
        assert not set(roll.pods()) & set(before)
        roll.replaced(before)
        annotations = roll.get("deployment")["spec"]["template"]["metadata"]["annotations"]
        assert annotations["falapp.dev/restart"] == "once"
        assert "kubectl.kubernetes.io/restartedAt" in annotations
    check(counted)


def test_suspended_it_is_quiet_and_resumed_as_before(roll):
    assert roll.get("poddisruptionbudget")
    roll.patch(suspend=True)
    app = roll.ready()
    assert condition(app, "Ready")["reason"] == "Suspended"
    assert roll.pods() == {}
    assert app["spec"]["replicas"] == 2
    assert roll.get("poddisruptionbudget") is None
    for rollout, strategy in (
        ({"type": "Recreate"}, {"type": "Recreate"}),
        (None, {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}),
    ):
        roll.patch(rollout=rollout)
        poll(
            lambda: roll.get("deployment")["spec"]["strategy"],
            lambda found, wanted=strategy: found == wanted,
            what=f"the strategy is {strategy}",
            seconds=15,
        )
    roll.patch(suspend=False)
    app = roll.ready()
    assert (app["status"]["readyReplicas"], len(roll.pods())) == (2, 2)


AUTOSCALER = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": APP},
    "spec": {
        "scaleTargetRef": {"apiVersion": "falapp.dev/v1alpha1", "kind": "FalApp", "name": APP},
        "minReplicas": 2,
        "maxReplicas": 3,
        "metrics": [
            {
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": 50},
                },
            }
        ],
    },
}


def test_an_autoscaler_has_its_way(kube, caller, roll):
    found = roll.scale(0)
    assert (found["kind"], found["spec"], found["status"]) == (
        "Scale",
        {"replicas": 2},
        {"replicas": 2, "selector": f"falapp.dev/app={APP}"},
    )
    assert condition(roll.ready(), "Ready")["reason"] == "ScaledToZero"
    assert roll.pods() == {}
    # one of no replicas is left alone
    kube.apply(AUTOSCALER, namespace=roll.where)
    assert roll.scale(1)["status"].get("replicas", 0) == 0
    roll.apps.until(roll.where, APP, lambda app: app["spec"]["replicas"] == 2, "is scaled up", 60)
    roll.ready()
    assert caller.post(roll.url, {}) == {"word": "first"}
    able = poll(
        lambda: condition(roll.get("hpa"), "AbleToScale"),
        lambda seen: seen.get("status") == "True",
        what="the autoscaler reads and writes /scale",
        seconds=30,
    )
    print(f"AbleToScale: {able['reason']}: {able['message']}")
    # what Git does not say, an apply from Git leaves to the autoscaler
    before = roll.pods()
    roll.put(rollout={"maxUnavailable": 1})
    app = roll.ready()
    assert (app["spec"]["replicas"], app["status"]["readyReplicas"]) == (2, 2)
    assert roll.pods() == before

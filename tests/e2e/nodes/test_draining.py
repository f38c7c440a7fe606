"""Nobody's request is lost when runners are drained, shown by count under constant load."""

import subprocess
import time
from contextlib import contextmanager

import pytest

from tests.kube.kubectl import poll
from tests.kube.load import load

APP = "steady"
SELECTOR = f"falapp.dev/app={APP}"
LABEL = "e2e.falapp.dev/steady"
CODE = """\
import asyncio
import contextlib
import random

import fal


class Steady(fal.App, max_multiplexing=24):
    def setup(self):
        self.begun = self.done = 0
        self.leaving = asyncio.Event()

    @fal.endpoint("/")
    async def answer(self) -> str:
        self.begun += 1
        await asyncio.sleep(0.1)
        self.done += 1
        return "first"

    @fal.endpoint("/slow")
    async def slow(self) -> str:
        self.begun += 1
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(random.uniform(4, 12)):
                await self.leaving.wait()
                await asyncio.sleep(1)
        self.done += 1
        return "slow"

    def handle_exit(self):
        print(f"traced: handle_exit with {self.begun - self.done} in work")
        self.leaving.set()

    def teardown(self):
        print(f"traced: teardown with {self.begun - self.done} in work")
"""


@pytest.fixture(scope="module")
def nodes(kube):
    """Two nodes of which only the first has the label that the app's machine type asks for."""
    names = [node["metadata"]["name"] for node in kube.list("nodes")][-2:]
    kube.run("label", "node", names[0], f"{LABEL}=yes")
    yield names
    kube.run("uncordon", names[0])
    for name in names:
        kube.run("label", "node", name, f"{LABEL}-")


@pytest.fixture(scope="module")
def steady(kube, apps, nodes, shared_namespace):
    """An app, both runners of which are on the first node; the second is theirs, too, then."""
    machine = kube.get("machinetype", "e2e")["spec"]
    wanted = [{"key": LABEL, "operator": "Exists"}]
    kube.apply(
        {
            "apiVersion": "falapp.dev/v1alpha1",
            "kind": "MachineType",
            "metadata": {"name": APP},
            "spec": machine | {"cpu": "300m", "nodeSelectorTerms": [{"matchExpressions": wanted}]},
        }
    )
    put(apps, shared_namespace, CODE)
    app = apps.ready(shared_namespace, APP)
    kube.run("label", "node", nodes[1], f"{LABEL}=yes")
    yield app["status"]["url"]
    kube.delete("falapp", APP, shared_namespace)
    kube.delete("machinetype", APP)


def put(apps, namespace, code, replicas=2):
    source = {"inline": {"app.py": code}}
    spec = {"machineType": APP, "replicas": replicas, "terminationGracePeriod": "30s"}
    apps.apply(namespace, APP, entrypoint="app.py", source=source, **spec)


@pytest.fixture
def disturbed(kube, cluster, steady, shared_namespace, tmp_path):
    """Loads the app while something is done to it; what it said and how it fared comes after."""

    @contextmanager
    def block():
        before = pods(kube, shared_namespace)
        with (
            load(kube, cluster.images.base["3.11"], shared_namespace, steady) as counted,
            logs(kube, shared_namespace, before, tmp_path) as said,
        ):
            time.sleep(4)  # until slow requests are in work everywhere
            yield counted, said
            time.sleep(2)

    return block


@contextmanager
def logs(kube, namespace, names, folder):
    """Follow the logs of pods that are about to go; give {pod: its lines} at the end."""
    said, files = {}, {name: (folder / name).open("w+") for name in names}
    follow = ("logs", "--follow", "-c", "runner", "-n", namespace)
    followers = [
        subprocess.Popen(kube.command(*follow, name), stdout=file) for name, file in files.items()
    ]
    try:
        yield said
    finally:
        for follower in followers:
            follower.terminate()
            follower.wait(10)
        for name, file in files.items():
            file.seek(0)
            said[name] = file.read()
            file.close()


def pods(kube, namespace):
    """Return {pod: its node} of the app's pods, those on their way out included."""
    found = kube.list("pods", namespace, SELECTOR)
    return {pod["metadata"]["name"]: pod["spec"].get("nodeName") for pod in found}


def gone(kube, namespace, names):
    poll(
        lambda: pods(kube, namespace),
        lambda found: not set(names) & set(found),
        what="the former runners are gone",
        seconds=60,
    )


def check(counted, said, ended, new):
    """Every request got its answer; who ended finished theirs and told so."""
    assert counted.lost == 0, counted
    assert counted.statuses == {"200": counted.sent}, counted
    assert counted.sent > 500
    assert {*ended, *new} <= set(counted.runners)
    print(f"{counted.sent} requests, {counted.lost} lost, by runner: {counted.runners}")
    for name in ended:
        order = [line for line in said[name].splitlines() if "traced" in line or "falapp:" in line]
        exit_, teardown = (line for line in order if "traced" in line)
        assert "handle_exit" in exit_
        assert "with 0 in work" not in exit_, order
        assert "teardown with 0 in work" in teardown, order
        assert order[-4].endswith("falapp: Draining")
        assert order[-1].endswith("falapp: Stopped")


def test_a_node_is_drained_that_has_all_runners(kube, apps, nodes, disturbed, shared_namespace):
    before = pods(kube, shared_namespace)
    assert list(before.values()) == [nodes[0]] * 2
    drain = ("--pod-selector", SELECTOR, "--ignore-daemonsets", "--delete-emptydir-data")
    with disturbed() as (counted, said):
        kube.run("drain", nodes[0], *drain, "--timeout=120s", timeout=150)
        apps.ready(shared_namespace, APP)
        after = pods(kube, shared_namespace)
    kube.run("uncordon", nodes[0])
    assert set(after.values()) == {nodes[1]}
    check(counted, said, ended=before, new=after)


def test_a_rolling_update(kube, apps, disturbed, shared_namespace):
    before = pods(kube, shared_namespace)
    with disturbed() as (counted, said):
        put(apps, shared_namespace, CODE.replace('"first"', '"second"'))
        apps.ready(shared_namespace, APP)
        gone(kube, shared_namespace, before)
        after = pods(kube, shared_namespace)
    assert len(after) == 2
    check(counted, said, ended=before, new=after)


def test_a_scale_down(kube, apps, disturbed, shared_namespace):
    before = pods(kube, shared_namespace)
    with disturbed() as (counted, said):
        put(apps, shared_namespace, CODE.replace('"first"', '"second"'), replicas=1)
        apps.ready(shared_namespace, APP)
        poll(lambda: pods(kube, shared_namespace), lambda p: len(p) == 1, what="one", seconds=60)
        after = pods(kube, shared_namespace)
    check(counted, said, ended=set(before) - set(after), new=after)

"""What the chart says of builds: how many at once, what they keep, how much disk they may use."""

import itertools
import secrets
import time

import pytest

from tests.kube import install
from tests.kube.kubectl import condition, is_true, poll
from tests.servers import volume, words
from tests.servers.packages import sdist, tree, wheel

COMMON, OTHERS = "falapp-common", ("falapp-one", "falapp-two", "falapp-three")
WHEELS = [wheel(name, f"{name} {secrets.token_hex(4)}") for name in (COMMON, *OTHERS)]
FULL = "falapp-fills"
FILLER = """\


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    import os
    import time

    with open("/tmp/filled", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 3 * 2**30)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def wheels(kube, cluster, configured):
    """The volume of the operator's wheel cache; builds run one at a time meanwhile."""
    with volume.claimed(kube, cluster.images.base["3.11"], install.BUILDS) as made:
        limits = {"memory": "8Gi", "ephemeral-storage": "2Gi"}
        cache = {"claimName": made.name}
        builds = {"maxConcurrent": 1, "wheelCache": cache, "resources": {"limits": limits}}
        with configured({"builds": builds}):
            yield made


@pytest.fixture(scope="module")
def index(starter):
    files = tree(FULL, "never")
    filler = sdist(FULL, {**files, "backend.py": files["backend.py"] + FILLER})
    server = starter.index([*WHEELS, filler], {})
    starter.wait(server)
    return server


def spec(index, *packages: str) -> dict:
    requirements = [f"--extra-index-url={index.url('simple/')}", *packages]
    return {**words.app(*packages), "requirements": requirements, "replicas": 0}


@pytest.fixture(scope="module")
def queued(kube, apps, shared_namespace, index, wheels) -> list[str]:
    """What was told of those that had to wait, once each of three environments has been built."""
    poll(
        lambda: [e["metadata"]["name"] for e in kube.list("fenv") if not settled(e)],
        lambda waiting: not waiting,
        what="no environment of another test is left that waits",
        seconds=120,
    )
    for name in OTHERS:
        apps.apply(shared_namespace, name, **spec(index, COMMON, name))
        time.sleep(1)  # who came first is told in whole seconds
    found = poll(
        lambda: [apps.get(shared_namespace, name) for name in OTHERS],
        lambda seen: sum(is_queued(app) for app in seen) == len(OTHERS) - 1,
        what="all environments but one are queued",
        seconds=30,
        describe=lambda seen: str([condition(app, "EnvironmentReady") for app in seen]),
    )
    for name in OTHERS:
        apps.until(
            shared_namespace, name, lambda a: is_true(a, "EnvironmentReady"), "is built", 180
        )
    return [condition(app, "EnvironmentReady")["message"] for app in found if is_queued(app)]


def settled(environment: dict) -> bool:
    """Return whether an environment has its image, or waits for a person."""
    return is_true(environment, "Ready") or is_true(environment, "Stalled")


def is_queued(app: dict) -> bool:
    return condition(app, "EnvironmentReady").get("reason") == "BuildQueued"


def test_builds_wait_for_their_turn_and_come_in_order_of_arrival(kube, shared_namespace, queued):
    assert all("builds.maxConcurrent" in message for message in queued)
    places = ("this one is next", "1 is before it")
    assert all(any(message.endswith(place) for message in queued) for place in places)
    came = {
        e["metadata"]["name"]: e["metadata"]["creationTimestamp"]
        for e in kube.list("environments.falapp.dev", shared_namespace)
    }
    jobs = [kube.get("job", name, install.BUILDS) for name in came]
    jobs.sort(key=lambda job: (came[job["metadata"]["name"]], job["status"]["startTime"]))
    for former, latter in itertools.pairwise(job["status"] for job in jobs):
        assert former["completionTime"] <= latter["startTime"]


def test_a_wheel_is_downloaded_once_for_all_builds(index, wheels, queued):
    """Each of the builds needed the common package, beside another one, and so a layer anew."""
    assert wheels.files() == {wheel.sha256 for wheel in WHEELS}
    fetched = [path for path in index.fetched() if path.endswith(".whl")]
    assert sorted(path.rpartition("/")[2] for path in fetched) == sorted(w.name for w in WHEELS)


def test_a_build_that_fills_the_disk_is_told_so(apps, namespace, index, wheels):
    apps.apply(namespace, "full", **spec(index, FULL))
    app = apps.stalled(namespace, "full", "DiskFull", seconds=180)
    assert "ephemeral-storage" in app["status"]["failure"]["message"]

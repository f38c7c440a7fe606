"""What the chart says of builds: how many at once, what they keep, how much disk they may use."""

import itertools
import secrets

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


@pytest.fixture
def environment(apps, shared_namespace, index):
    """Apply an app without runners, and return its Environment's name."""

    def applied(name: str, *packages: str) -> str:
        requirements = [f"--extra-index-url={index.url('simple/')}", *packages]
        spec = {**words.app(*packages), "requirements": requirements, "replicas": 0}
        apps.apply(shared_namespace, name, **spec)
        app = apps.until(
            shared_namespace,
            name,
            lambda a: a.get("status", {}).get("environment", {}).get("name"),
            "has an environment",
            30,
        )
        return app["status"]["environment"]["name"]

    return applied


def test_builds_wait_for_their_turn_and_come_in_order_of_arrival(
    kube, apps, jobs, shared_namespace, environment, wheels
):
    names = {name: environment(name, COMMON, name) for name in OTHERS}
    poll(
        lambda: [
            condition(apps.get(shared_namespace, name), "EnvironmentReady") for name in OTHERS
        ],
        lambda found: [c.get("reason") for c in found].count("BuildQueued") == len(OTHERS) - 1,
        what="all but one are queued",
        seconds=30,
    )
    listed = kube.list("environments.falapp.dev", shared_namespace)
    arrived = sorted((e["metadata"]["creationTimestamp"], e["metadata"]["name"]) for e in listed)
    for name in OTHERS:
        apps.until(
            shared_namespace, name, lambda a: is_true(a, "EnvironmentReady"), "is built", 180
        )
    order = [name for _, name in arrived]
    assert set(order) == set(names.values())
    assert [name for name in jobs.names if name in order] == order
    times = [kube.get("job", name, install.BUILDS)["status"] for name in order]
    for former, latter in itertools.pairwise(times):
        assert former["completionTime"] <= latter["startTime"]


def test_a_wheel_is_downloaded_once_for_all_builds(index, wheels):
    """The builds of the test before; each needed the common package, and built it anew."""
    assert wheels.files() == {wheel.sha256 for wheel in WHEELS}
    fetched = [path for path in index.fetched() if path.endswith(".whl")]
    assert sorted(path.rpartition("/")[2] for path in fetched) == sorted(w.name for w in WHEELS)


def test_a_build_that_fills_the_disk_is_told_so(apps, shared_namespace, environment, wheels):
    environment("full", FULL)
    app = apps.stalled(shared_namespace, "full", "DiskFull", seconds=180)
    assert "ephemeral-storage" in app["status"]["failure"]["message"]

"""GPU apps and the nodes of the cluster: where they land, how they wait, and what frees them."""

import secrets

import pytest

from tests.kube import install
from tests.kube.kubectl import condition, poll
from tests.kube.writes import assert_quiet
from tests.servers import words
from tests.servers.packages import wheel

PACKAGE = "falapp-machines"
WORD = f"machines {secrets.token_hex(4)}"
TOLD = {PACKAGE.replace("-", "_"): WORD}
KEY, GPU = "falapp.dev/machine", "nvidia.com/gpu"
SHM = """\
import os
found = os.statvfs("/dev/shm")
print(found.f_blocks * found.f_frsize, os.environ["NVIDIA_DRIVER_CAPABILITIES"])
"""


def machine(name, label):
    """Return a machine type of which numGPUs: 2 takes half of the eight GPUs that a node has."""
    return {
        "apiVersion": "falapp.dev/v1alpha1",
        "kind": "MachineType",
        "metadata": {"name": name},
        "spec": {
            "cpu": "100m",
            "memory": "192Mi",
            "gpu": {"count": 2},
            "sharedMemory": "48Mi",
            "driverCapabilities": ["compute", "video"],
            "tolerations": [{"key": GPU, "operator": "Exists"}],
            "nodeSelectorTerms": [
                {"matchExpressions": [{"key": KEY, "operator": "In", "values": [label]}]}
            ],
        },
    }


MACHINES = {
    name: machine(name, label)
    for name, label in (
        ("test-a100", "GPU-A100"),
        ("test-h100", "GPU-H100"),
        ("test-none", "GPU-NONE"),
    )
}


@pytest.fixture(scope="module")
def workers(kube):
    """The nodes with GPUs, by what our own label says of them; the machine types are for them."""
    nodes = kube.list("nodes", labels=KEY)
    found = {n["metadata"]["labels"][KEY]: n["metadata"]["name"] for n in nodes}
    assert set(found) >= {"GPU-A100", "GPU-H100"}, found
    for made in MACHINES.values():
        kube.apply(made)
    yield found
    for name in MACHINES:
        kube.delete("machinetype", name)


@pytest.fixture(scope="module")
def spec(starter):
    """An app with a package that no other test has: its environment is built here."""
    index = starter.index([wheel(PACKAGE, WORD)], {})
    starter.wait(index)
    requirements = [f"--extra-index-url={index.url('simple/')}", PACKAGE]
    return {**words.app(PACKAGE), "requirements": requirements, "numGPUs": 2}


@pytest.fixture(scope="module")
def landed(kube, apps, workers, spec, shared_namespace):
    """Two apps on the A100 worker, which is full then, and one on the H100 worker."""
    wanted = {
        "one": {"machineType": "TEST-A100", "machineTypeFallbacks": ["TEST-H100"]},
        "hopper": {"machineType": "TEST-H100", "machineTypeFallbacks": ["TEST-A100"]},
        "two": {"machineType": "TEST-A100"},
    }
    for name, more in wanted.items():
        apps.apply(shared_namespace, name, **spec, **more)
    found = {name: apps.ready(shared_namespace, name) for name in wanted}
    yield found
    for name in ("one", "hopper", "two", "three", "four", "none"):
        kube.delete("falapp", name, shared_namespace)


def node_of(kube, namespace, app):
    [pod] = kube.list("pods", namespace, f"falapp.dev/app={app}")
    return pod["spec"].get("nodeName")


def waits(apps, namespace, name, says):
    """Wait until the app waits for capacity, and says so."""

    def good(app):
        ready = condition(app, "Ready")
        return ready.get("reason") == "WaitingForCapacity" and says in ready["message"]

    app = apps.until(namespace, name, good, f"waits and says {says!r}", 60)
    assert condition(app, "Stalled")["status"] == "False"
    return app


def test_each_lands_on_its_worker_and_no_build_did(kube, caller, workers, landed, shared_namespace):
    for app, label in (("one", "GPU-A100"), ("two", "GPU-A100"), ("hopper", "GPU-H100")):
        assert node_of(kube, shared_namespace, app) == workers[label], app
    caller.until(landed["one"]["status"]["url"], {}, TOLD)
    name = landed["one"]["status"]["environment"]["name"]
    [build] = kube.list("pods", install.BUILDS, f"falapp.dev/environment={name}")
    assert build["spec"]["nodeName"] not in workers.values()


def test_a_runner_gets_what_its_machine_type_says(kube, landed, shared_namespace):
    assert landed
    [pod] = kube.list("pods", shared_namespace, "falapp.dev/app=one")
    [runner] = pod["spec"]["containers"]
    assert runner["resources"]["limits"] == {"cpu": "200m", "memory": "384Mi", GPU: "4"}
    python = ("/opt/env/bin/python", "-c", SHM)
    name = pod["metadata"]["name"]
    told = kube.run("exec", "-n", shared_namespace, name, "-c", "runner", "--", *python)
    assert told.split() == [str(96 * 2**20), "compute,video"]


def test_the_third_waits_falls_back_when_told_to_and_starts_when_a_gpu_is_free(  # noqa: PLR0917
    kube, apps, caller, workers, landed, spec, shared_namespace
):
    assert landed
    full = f"1 node is a TEST-A100, and full: Insufficient {GPU}"
    apps.apply(shared_namespace, "three", **spec, machineType="TEST-A100")
    waits(apps, shared_namespace, "three", full)
    assert_quiet(kube, shared_namespace, seconds=5)

    fallbacks = ["TEST-H100"]
    apps.apply(
        shared_namespace, "three", **spec, machineType="TEST-A100", machineTypeFallbacks=fallbacks
    )
    app = apps.ready(shared_namespace, "three", seconds=60)
    assert node_of(kube, shared_namespace, "three") == workers["GPU-H100"]
    caller.until(app["status"]["url"], {}, TOLD)

    apps.apply(shared_namespace, "four", **spec, machineType="TEST-A100")
    waits(apps, shared_namespace, "four", full)
    kube.delete("falapp", "two", shared_namespace)
    apps.ready(shared_namespace, "four", seconds=90)
    assert node_of(kube, shared_namespace, "four") == workers["GPU-A100"]


def test_a_wait_says_which_labels_were_looked_for_and_which_there_are(
    apps, landed, spec, shared_namespace
):
    assert landed
    apps.apply(shared_namespace, "none", **spec, machineType="TEST-NONE")
    app = waits(apps, shared_namespace, "none", "no node of the cluster is a TEST-NONE")
    message = condition(app, "Ready")["message"]
    assert f"looked for {KEY} in (GPU-NONE); the nodes carry {KEY}=GPU-A100 (1)" in message
    assert f"{KEY}=GPU-H100 (1)" in message


def test_kubectl_get_mt_counts_the_nodes(kube, workers):
    def row():
        header, values = kube.run("get", "mt", "test-a100").splitlines()
        return dict(zip(header.split(), values.split(), strict=True))

    def counts(number):
        return poll(row, lambda r: r["NODES"] == number, what=f"NODES is {number}", seconds=30)

    shown = counts("1")
    assert list(shown) == ["NAME", "CPU", "MEMORY", "GPU", "GPUS", "NODES", "AGE"]
    kube.run("cordon", workers["GPU-A100"])
    try:
        counts("0")
    finally:
        kube.run("uncordon", workers["GPU-A100"])
    counts("1")


def test_apps_of_a_deleted_machine_type_keep_running(
    kube, apps, caller, workers, landed, shared_namespace
):
    assert workers
    kube.delete("machinetype", "test-h100")
    app = apps.stalled(shared_namespace, "hopper", "UnknownMachineType", seconds=30)
    assert "'TEST-H100'" in condition(app, "Ready")["message"]
    assert app["status"]["readyReplicas"] == 1
    assert caller.post(landed["hopper"]["status"]["url"], {}) == TOLD
    kube.apply(MACHINES["test-h100"])
    apps.ready(shared_namespace, "hopper", seconds=30)

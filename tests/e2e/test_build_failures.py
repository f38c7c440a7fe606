"""How builds fail: each way has its own reason, names who is at fault, and tells the way out."""

import json

import pytest

from tests.kube.install import BUILDS
from tests.kube.kubectl import condition, is_true, poll
from tests.servers.packages import sdist, tree, wheel
from tests.servers.start import Starter

CODE = """\
import fal


class App(fal.App):
    @fal.endpoint("/")
    def tell(self) -> str:
        return "built"
"""
EATER = """\


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    eaten = []
    while True:
        eaten.append(bytearray(64 * 2**20))


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    info = pathlib.Path(metadata_directory, INFO)
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    (info / "WHEEL").write_text(WHEEL)
    return INFO
"""
SLEEPER = EATER.replace("eaten.append(bytearray(64 * 2**20))", "__import__('time').sleep(1)")
COMPILES = """\


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    import subprocess

    subprocess.run(["cc", "-c", "falapp_compiles.c"], check=True)
"""


@pytest.fixture(scope="module")
def index(kube, cluster, authority, shared_namespace):
    """An index with packages that cannot be built."""
    made = Starter(kube, cluster, authority, shared_namespace)
    files = [
        broken("falapp-eats", EATER),
        broken("falapp-sleeps", SLEEPER),
        broken("falapp-compiles", COMPILES),
        wheel("falapp-plain", "plain"),
    ]
    server = made.index(files, {"reader": "open-sesame"})
    made.wait(server)
    return server.url("simple/", user="reader:open-sesame")


def broken(name: str, more: str):
    files = tree(name, "never")
    return sdist(name, {**files, "backend.py": files["backend.py"] + more})


@pytest.fixture
def environment(apps, shared_namespace):
    """Apply an app without runners, and wait for what its environment comes to."""

    def applied(name: str, requirements: list[str], **spec):
        source = {"inline": {"app.py": CODE}}
        apps.apply(
            shared_namespace,
            name,
            entrypoint="app.py",
            source=source,
            requirements=requirements,
            replicas=0,
            **spec,
        )

    return applied


CASES = {
    "conflict": (["six==1.15.0", "six==1.16.0"], "ResolutionImpossible", "six"),
    "hash": (["six==1.16.0", f"--hash=sha256:{'0' * 64}"], "HashMismatch", "six"),
    "wheel": (["--only-binary=:all:", "numpy==1.19.5"], "NoMatchingWheel", "numpy"),
    "refused": (["-r", "requirements.txt"], "InvalidRequirement", "list its lines as items"),
    "variable": (["six @ ${SIX_URL}"], "InvalidRequirement", "requirementSecrets"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_user_can_mend_is_stalled_with_the_requirement(
    apps, shared_namespace, environment, case
):
    requirements, reason, told = CASES[case]
    environment(case, requirements)
    app = apps.stalled(shared_namespace, case, reason)
    assert told in condition(app, "Ready")["message"]
    assert app["status"]["failure"]["reason"] == reason


def test_a_build_from_source_that_fails_names_the_package_and_shows_its_end(
    apps, shared_namespace, environment, index
):
    environment("compiles", [f"--extra-index-url={index}", "falapp-compiles"])
    app = apps.stalled(shared_namespace, "compiles", "CompileFailed")
    failure = app["status"]["failure"]
    assert "falapp-compiles" in failure["message"]
    assert "cc" in failure["logTail"]
    assert "open-sesame" not in str(app["status"])


def test_a_build_that_eats_all_memory_is_told_so(apps, shared_namespace, environment, index):
    environment("eats", [f"--extra-index-url={index}", "falapp-eats"])
    app = apps.stalled(shared_namespace, "eats", "OutOfMemory")
    assert "memory" in app["status"]["failure"]["message"]


def test_a_build_that_takes_too_long_is_ended_and_told_so(
    kube, apps, shared_namespace, environment, index
):
    environment("sleeps", [f"--extra-index-url={index}", "falapp-sleeps"])
    job = poll(
        lambda: name_of(apps, shared_namespace, "sleeps"),
        lambda name: (
            bool(name) and kube.list("pods", BUILDS, f"batch.kubernetes.io/job-name={name}")
        ),
        what="the build has begun",
        seconds=60,
    )
    # What builds.timeout says for all builds, said to this one.
    patch = '{"spec":{"activeDeadlineSeconds":3}}'
    [pod] = kube.list("pods", BUILDS, f"batch.kubernetes.io/job-name={job}")
    kube.run("patch", "pod", pod["metadata"]["name"], "-n", BUILDS, "--type=merge", "-p", patch)
    app = apps.stalled(shared_namespace, "sleeps", "BuildTimeout", seconds=120)
    assert "builds.timeout" in app["status"]["failure"]["message"]


def test_a_base_image_without_python_is_told_so(apps, shared_namespace, environment, cluster):
    environment("bare", ["six"], image={"name": cluster.images.kaniko})
    app = apps.stalled(shared_namespace, "bare", "BaseImageUnusable")
    assert "python3" in app["status"]["failure"]["message"]


def test_a_base_image_that_cannot_be_pulled_is_told_so(
    kube, apps, shared_namespace, environment, cluster
):
    environment("absent", ["six"], image={"name": f"{cluster.registry}/falapp/no-such-base:1"})
    app = apps.until(
        shared_namespace,
        "absent",
        lambda a: condition(a, "EnvironmentReady").get("reason") == "BaseImagePullFailed",
        "tells that its base image cannot be pulled",
        120,
    )
    assert "no-such-base" in condition(app, "EnvironmentReady")["message"]


def test_a_build_whose_pod_is_evicted_goes_on_by_itself(
    kube, apps, shared_namespace, environment, index
):
    # The index is this run's own, so that no earlier run has left the image.
    environment("evicted", [f"--extra-index-url={index}", "falapp-plain"])
    name = poll(
        lambda: name_of(apps, shared_namespace, "evicted"),
        bool,
        what="the environment has a name",
        seconds=60,
    )
    [pod] = poll(
        lambda: kube.list("pods", BUILDS, f"falapp.dev/environment={name}"),
        lambda pods: len(pods) == 1,
        what="the build has a pod",
        seconds=60,
    )
    evict(kube, pod)
    apps.until(
        shared_namespace,
        "evicted",
        lambda a: is_true(a, "EnvironmentReady"),
        "has its environment",
        240,
    )


def evict(kube, pod) -> None:
    metadata = {"name": pod["metadata"]["name"], "namespace": BUILDS}
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
    path = f"/api/v1/namespaces/{BUILDS}/pods/{metadata['name']}/eviction"
    kube.run("create", "--raw", path, "-f", "-", stdin=json.dumps(body))


def name_of(apps, namespace: str, app: str) -> str:
    return apps.get(namespace, app).get("status", {}).get("environment", {}).get("name", "")

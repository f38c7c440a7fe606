"""A registry with a login: builds push and nodes pull; what is missing or wrong has its reason."""

import json
import secrets

import pytest

from tests.conftest import VALUES
from tests.kube import install
from tests.kube.kubectl import condition, is_true
from tests.servers import login, words
from tests.servers.login import OURS, PRIVATE
from tests.servers.packages import wheel

PACKAGE = "falapp-kept"
WORD = f"kept {secrets.token_hex(4)}"
TOLD = {PACKAGE.replace("-", "_"): WORD}
READ, PUSH, BASE = "e2e-login", "e2e-login-push", "e2e-login-base"
GPU = "nvidia.com/gpu"


@pytest.fixture(scope="module")
def registry(kube, cluster, starter, configured, shared_namespace):
    """The operator with this registry, and a Secret for each of those who need one."""
    if cluster.way == "existing":
        pytest.skip("the nodes of a cluster that was there before do not know this registry")
    with login.started(starter) as found:
        # What pulls the operator's images is for these alone: users' images are pulled with theirs.
        builds = [found.secret(READ), found.secret(PUSH), found.secret(BASE, OURS)]
        for namespace, given in (
            (install.BUILDS, builds),
            (install.NAMESPACE, [found.secret(READ)]),
            (shared_namespace, [found.secret(READ)]),
        ):
            kube.apply(*given, namespace=namespace)
        with configured(values(found)):
            yield found


def values(found: login.Login) -> dict:
    repository = f"{found.host}/environments"
    more = {"repository": repository, "insecure": False, "pushSecret": PUSH, "pullSecret": READ}
    base = f"{found.host}/{OURS}@{found.digest}"
    return {
        "registry": {**VALUES["registry"], **more},
        "images": {"pullSecret": BASE, "pythons": {"3.11": {"base": base}}},
        "runners": {"imagePullSecrets": [READ]},
        # The taint of nodes with GPUs lets builds in: nothing but the first value keeps them off.
        "builds": {
            "keepOffGPUNodes": "required",
            "tolerations": [{"key": GPU, "operator": "Exists"}],
        },
    }


@pytest.fixture(scope="module")
def spec(starter):
    index = starter.index([wheel(PACKAGE, WORD)], {})
    starter.wait(index)
    requirements = [f"--extra-index-url={index.url('simple/')}", PACKAGE]
    return {**words.app(PACKAGE), "requirements": requirements}


def refused(apps, namespace: str, name: str, reason: str) -> str:
    """Wait until an environment cannot be had for ``reason``, and return the message."""
    app = apps.until(
        namespace,
        name,
        lambda a: condition(a, "EnvironmentReady").get("reason") == reason,
        f"tells {reason}",
        180,
    )
    return condition(app, "EnvironmentReady")["message"]


def test_a_push_that_is_denied_is_told_and_with_the_right_password_it_runs(
    kube, apps, caller, shared_namespace, registry, spec
):
    wrong = secrets.token_hex(12)
    kube.apply(registry.secret(PUSH, password=wrong), namespace=install.BUILDS)
    apps.apply(shared_namespace, "kept", **spec)
    message = refused(apps, shared_namespace, "kept", "PushDenied")
    for word in (registry.host, "registry.pushSecret", "tried again by itself"):
        assert word in message
    assert wrong not in json.dumps(apps.get(shared_namespace, "kept"))

    kube.apply(registry.secret(PUSH), namespace=install.BUILDS)
    kube.run("annotate", "falapp", "kept", "-n", shared_namespace, "falapp.dev/retry=now")
    app = apps.ready(shared_namespace, "kept")
    assert app["status"]["environment"]["image"].startswith(f"{registry.host}/environments@")
    assert caller.post(app["status"]["url"], {}) == TOLD


def test_builds_keep_off_nodes_with_gpus(kube, apps, shared_namespace, registry, spec):
    apps.apply(shared_namespace, "kept", **spec)
    environment = apps.ready(shared_namespace, "kept")["status"]["environment"]["name"]
    builds = kube.list("pods", install.BUILDS, f"falapp.dev/environment={environment}")
    assert builds
    for build in builds:
        affinity = build["spec"]["affinity"]["nodeAffinity"]
        [term] = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        unwanted = {"key": f"{GPU}.product", "operator": "DoesNotExist"}
        assert unwanted in term["matchExpressions"]
        assert GPU in {toleration["key"] for toleration in build["spec"]["tolerations"]}
        node = kube.get("node", build["spec"]["nodeName"])
        assert f"{GPU}.product" not in node["metadata"]["labels"]


def test_a_private_base_image_needs_the_users_own_secret(
    kube, apps, caller, shared_namespace, registry, spec
):
    image = {"name": f"{registry.host}/{PRIVATE}:1"}
    apps.apply(shared_namespace, "based", **spec, image=image)
    message = refused(apps, shared_namespace, "based", "BaseImagePullFailed")
    for word in (image["name"], "without the right credentials", "pullSecret"):
        assert word in message

    kube.apply(registry.secret("mine", PRIVATE), namespace=shared_namespace)
    apps.apply(shared_namespace, "based", **spec, image={**image, "pullSecret": "mine"})
    app = apps.ready(shared_namespace, "based")
    assert caller.post(app["status"]["url"], {}) == TOLD


def test_a_registry_that_does_not_answer_is_waited_for(apps, namespace, registry, spec):
    registry.connect(connected=False)
    try:
        apps.apply(namespace, "patient", **spec, replicas=0)
        message = refused(apps, namespace, "patient", "RegistryUnreachable")
        assert registry.host in message
    finally:
        registry.connect(connected=True)
    apps.until(
        namespace, "patient", lambda a: is_true(a, "EnvironmentReady"), "has its environment", 180
    )

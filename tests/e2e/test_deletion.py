"""What is deleted takes its build along, and nothing holds it up, with or without the operator."""

import secrets
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from tests.conftest import made_namespace
from tests.kube import install
from tests.kube.kubectl import Kube, condition, is_true, poll
from tests.leaks import registry
from tests.servers import words
from tests.servers.packages import sdist, tree

SLOW, OTHER = "falapp-slow", "falapp-slower"
SLEEP = """\


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    import time

    time.sleep(600)
"""
OPERATOR = f"deployment/{install.RELEASE}-operator"


@pytest.fixture(scope="module")
def index(starter):
    def slow(name):
        files = tree(name, f"never {secrets.token_hex(4)}")
        return sdist(name, {**files, "backend.py": files["backend.py"] + SLEEP})

    server = starter.index([slow(SLOW), slow(OTHER)], {})
    starter.wait(server)
    return server


@pytest.fixture(scope="module")
def elsewhere(kube):
    """Another namespace."""
    with made_namespace(kube) as name:
        yield name


@pytest.fixture
def stored(kube, cluster, starter):
    with registry.reached(kube, cluster, starter.namespace) as reached:
        yield reached


def spec(index, package: str) -> dict[str, Any]:
    requirements = [f"--extra-index-url={index.url('simple/')}", package]
    return {**words.app(package), "requirements": requirements}


def environments(kube: Kube, namespace: str) -> list[dict[str, Any]]:
    return kube.list("environments.falapp.dev", namespace)


def of_the_build(kube: Kube, name: str) -> list[str]:
    """Return everything that there is for the build of an Environment."""
    selector = f"falapp.dev/environment={name}"
    kinds = "jobs,pods,configmaps,secrets"
    return kube.run("get", kinds, "-n", install.BUILDS, "-l", selector, "-o", "name").split()


def builds(kube: Kube, name: str) -> str:
    """Return the uid of the pod whose step `sources` runs; empty where there is none."""
    for pod in kube.list("pods", install.BUILDS, f"falapp.dev/environment={name}"):
        for status in pod["status"].get("initContainerStatuses", ()):
            if status["name"] == "sources" and "running" in status["state"]:
                return "" if "deletionTimestamp" in pod["metadata"] else pod["metadata"]["uid"]
    return ""


def building(kube: Kube, namespace: str) -> tuple[str, str]:
    """Wait until a namespace's one environment is being built; return its name and the pod."""
    [name] = poll(
        lambda: [e["metadata"]["name"] for e in environments(kube, namespace)],
        lambda names: len(names) == 1,
        what=f"{namespace} has an Environment",
        seconds=30,
    )
    what = f"{name} is in the middle of its build"
    return name, poll(lambda: builds(kube, name), bool, what=what, seconds=120)


def gone(kube: Kube, name: str, seconds: float = 60) -> None:
    """Wait until nothing is left of a build; what its pod runs is killed after its grace period."""
    what = f"the build of {name} is gone"
    poll(lambda: of_the_build(kube, name), lambda left: not left, what=what, seconds=seconds)


def without_environments(kube: Kube, namespace: str) -> None:
    poll(
        lambda: [e["metadata"]["name"] for e in environments(kube, namespace)],
        lambda names: not names,
        what=f"the Environments of {namespace} are gone",
        seconds=30,
    )


@contextmanager
def operator_away(kube: Kube):
    replicas = kube.run(
        "get", OPERATOR, "-n", install.NAMESPACE, "-o", "jsonpath={.spec.replicas}"
    ).strip()
    kube.run("scale", OPERATOR, "-n", install.NAMESPACE, "--replicas=0")
    try:
        poll(
            lambda: kube.list("pods", install.NAMESPACE, "app.kubernetes.io/component=operator"),
            lambda pods: not pods,
            what="the operator is away",
            seconds=60,
            describe=lambda pods: str([pod["metadata"]["name"] for pod in pods]),
        )
        yield
    finally:
        kube.run("scale", OPERATOR, "-n", install.NAMESPACE, f"--replicas={replicas}")
        kube.run("rollout", "status", OPERATOR, "-n", install.NAMESPACE, "--timeout=100s")


def tags(stored: registry.Registry, name: str) -> list[str]:
    return sorted(tag for _, tag in stored.tags() if tag.startswith((name, f"lock-{name}")))


def test_the_build_ends_with_the_last_who_waits_for_it(
    kube, apps, shared_namespace, elsewhere, index, stored
):
    apps.apply(shared_namespace, "one", **spec(index, SLOW))
    apps.apply(shared_namespace, "two", **spec(index, SLOW))
    apps.apply(elsewhere, "three", **spec(index, SLOW))
    name, pod = building(kube, shared_namespace)
    kube.delete("falapp", "one", shared_namespace)
    kube.delete("falapp", "two", shared_namespace)
    without_environments(kube, shared_namespace)
    apps.apply(shared_namespace, "other", **spec(index, OTHER))
    other, _ = building(kube, shared_namespace)
    # It took a while to get here: another namespace's app waits, so the build goes on.
    assert builds(kube, name) == pod
    kube.delete("falapp", "other", shared_namespace)
    kube.delete("falapp", "three", elsewhere)
    for each in (name, other):
        gone(kube, each)
        assert tags(stored, each) == []


def test_nothing_waits_for_an_operator_that_is_away(kube, apps, namespace, index, stored):
    apps.apply(namespace, "left", **spec(index, SLOW))
    name, pod = building(kube, namespace)
    with operator_away(kube):
        kube.delete("falapp", "left", namespace)  # waits until it is gone
        without_environments(kube, namespace)
        assert builds(kube, name) == pod
    gone(kube, name)
    assert tags(stored, name) == []


def test_an_environment_that_a_user_made_stays(kube, apps, namespace):
    def asked(name, seconds):
        apps.apply(namespace, name, **words.app(), requirements=[], replicas=0)
        ready = partial(is_true, type_="EnvironmentReady")
        return apps.until(namespace, name, ready, "has its environment", seconds)

    asked("first", 180)
    [made] = environments(kube, namespace)
    kube.delete("falapp", "first", namespace)
    without_environments(kube, namespace)

    by_hand = {key: made[key] for key in ("apiVersion", "kind", "spec")}
    name = made["metadata"]["name"]
    kube.apply({**by_hand, "metadata": {"name": name}}, namespace=namespace)
    found = asked("second", 60)
    assert condition(found, "EnvironmentReady")["reason"] == "FoundInRegistry"
    kube.delete("falapp", "second", namespace)
    poll(
        lambda: kube.list("deployments", namespace),
        lambda left: not left,
        what="the app's Deployment is collected",
        seconds=30,
        describe=lambda left: str([each["metadata"]["name"] for each in left]),
    )
    [kept] = environments(kube, namespace)
    assert "ownerReferences" not in kept["metadata"]
    assert is_true(kept, "Ready")

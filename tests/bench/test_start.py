"""How long an app takes from `kubectl apply` to Ready, beside a Deployment written by hand."""

import copy
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.bench.record import Pair, record
from tests.kube import install
from tests.kube.kubectl import Kube, poll

HELLO = install.ROOT / "examples" / "01-hello" / "app.yaml"
ROUNDS = 5


@pytest.fixture
def machine(kube: Kube) -> Iterator[str]:
    """A machine type of one node only, so that both sides of a pair find the same caches."""
    name = "bench"
    kube.apply(
        {
            "apiVersion": "falapp.dev/v1alpha1",
            "kind": "MachineType",
            "metadata": {"name": name},
            "spec": {"cpu": "500m", "memory": "384Mi"},
        }
    )
    yield name
    kube.delete("machinetype", name)


@pytest.mark.bench
def test_apply_to_ready_beside_a_deployment_by_hand(kube, apps, machine, namespace, capsys):
    """The image is on the node and the environment in the registry: what is left is ours."""
    falapp = yaml.safe_load(HELLO.read_text())
    falapp["spec"]["machineType"] = machine
    apps.apply(namespace, "first", **falapp["spec"])
    apps.ready(namespace, "first")
    by_hand = plain(kube, namespace, "first")
    kube.run("scale", "falapp", "first", "-n", namespace, "--replicas=0")
    runs = []
    for number in range(ROUNDS + 1):
        pair = Pair(value=ours(kube, namespace, falapp), baseline=theirs(kube, namespace, by_hand))
        if number:  # the first pair warms the page cache
            runs.append(pair)
    version = json.loads(kube.run("version", "-o", "json"))["serverVersion"]["gitVersion"]
    kept = record(
        "start",
        "apply-to-ready",
        runs,
        unit="s",
        goal=1.15,
        versions={"kubernetes": version, "falapp": "0.1.0"},
    )
    with capsys.disabled():
        print(f"\napply to Ready: {kept.value} s, by hand {kept.baseline} s, ratio {kept.ratio}")
    assert len(kept.runs) == ROUNDS


def ours(kube: Kube, namespace: str, falapp: dict[str, Any]) -> float:
    name = f"bench-{secrets.token_hex(3)}"
    began = time.monotonic()
    kube.apply(falapp | {"metadata": {"name": name}}, namespace=namespace)
    kube.run("wait", f"falapp/{name}", "-n", namespace, "--for=condition=Ready", "--timeout=300s")
    took = time.monotonic() - began
    remove(kube, namespace, "falapp", name)
    return took


def theirs(kube: Kube, namespace: str, deployment: dict[str, Any]) -> float:
    name = f"bench-{secrets.token_hex(3)}"
    named = copy.deepcopy(deployment)
    named["metadata"] = {"name": name}
    labels = {"app": name}
    named["spec"]["selector"]["matchLabels"] = labels
    named["spec"]["template"]["metadata"] = {"labels": labels}
    wait = ("wait", f"deployment/{name}", "-n", namespace, "--for=condition=Available")
    began = time.monotonic()
    kube.apply(named, namespace=namespace)
    kube.run(*wait, "--timeout=300s")
    took = time.monotonic() - began
    remove(kube, namespace, "deployment", name)
    return took


def plain(kube: Kube, namespace: str, name: str) -> dict[str, Any]:
    """Return the Deployment that a person would write to run the same pod."""
    found = kube.get("deployment", name, namespace)
    assert found is not None
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": found["spec"]}


def remove(kube: Kube, namespace: str, kind: str, name: str) -> None:
    kube.delete(kind, name, namespace)
    poll(
        lambda: [p["metadata"]["name"] for p in kube.list("pods", namespace)],
        lambda names: not any(found.startswith(name) for found in names),
        what=f"the pods of {name} are gone",
        seconds=120,
    )

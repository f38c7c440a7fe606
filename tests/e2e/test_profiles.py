"""A machine type's profile: its own environments, and PyTorch's wheels for its accelerator."""

import secrets
from typing import Any

import pytest

from tests.conftest import made_namespace
from tests.kube.kubectl import condition
from tests.servers import words
from tests.servers.packages import wheel
from tests.servers.start import CLOSED, Server, Starter

TORCH = "torch"
WORDS = {kind: f"built for {kind}, {secrets.token_hex(4)}" for kind in ("cpu", "cu128")}
CPU, TWIN, CUDA, LOST = (f"e2e-profile-{name}" for name in ("cpu", "twin", "cuda", "lost"))


@pytest.fixture(scope="module")
def indexes(kube, cluster, authority):
    """An index for each accelerator, as PyTorch has them."""
    with made_namespace(kube) as one, made_namespace(kube) as other:
        found: dict[str, Server] = {}
        for kind, namespace in (("cpu", one), ("cu128", other)):
            files = [wheel(TORCH, WORDS[kind], version=f"9.9.0+{kind}")]
            found[kind] = Starter(kube, cluster, authority, namespace).index(files, {})
        for server in found.values():
            Starter(kube, cluster, authority, server.namespace).wait(server)
        yield found


@pytest.fixture(scope="module")
def types(kube, indexes):
    """Machine types: two that differ in their CPU alone, one for CUDA, one whose index is gone."""
    cpu = {"accelerator": "cpu", "pytorchIndex": indexes["cpu"].url("simple/")}
    cuda = {
        "accelerator": "cuda",
        "cudaVersion": "12.8",
        "pytorchIndex": indexes["cu128"].url("simple/"),
    }
    lost = {"accelerator": "cpu", "pytorchIndex": indexes["cpu"].url("simple/", port=CLOSED)}
    profiles = {CPU: cpu, TWIN: cpu, CUDA: cuda, LOST: lost}
    for amount, (name, profile) in enumerate(profiles.items(), start=1):
        kube.apply(machine_type(name, f"{amount * 50}m", profile))
    yield profiles
    for name in profiles:
        kube.delete("machinetype", name)


def machine_type(name: str, cpu: str, profile: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "falapp.dev/v1alpha1",
        "kind": "MachineType",
        "metadata": {"name": name},
        "spec": {
            "cpu": cpu,
            "memory": "384Mi",
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
            "profile": profile,
        },
    }


def test_torch_is_the_machines_and_machines_of_one_profile_share_it(
    apps, caller, jobs, shared_namespace, types, indexes
):
    own = f"--extra-index-url={indexes['cu128'].url('simple/')}"
    asked = {
        "cpu": (CPU, [f"{TORCH}==9.9.0"]),
        "twin": (TWIN, [f"{TORCH}==9.9.0"]),
        "cuda": (CUDA, [f"{TORCH}==9.9.0"]),
        "own": (CPU, [own, f"{TORCH}==9.9.0"]),
    }
    for name, (machine, requirements) in asked.items():
        spec = {**words.app(TORCH), "requirements": requirements, "machineType": machine}
        apps.apply(shared_namespace, name, **spec)
    ready = {name: apps.ready(shared_namespace, name) for name in asked}
    for name, kind in {"cpu": "cpu", "twin": "cpu", "cuda": "cu128", "own": "cu128"}.items():
        assert caller.post(ready[name]["status"]["url"], {}) == {TORCH: WORDS[kind]}, name
    environments = {name: app["status"]["environment"]["name"] for name, app in ready.items()}
    assert environments["twin"] == environments["cpu"]
    assert len(set(environments.values())) == 3
    assert [jobs.started(environment) for environment in set(environments.values())] == [1, 1, 1]
    for name, (machine, _) in asked.items():
        environment = apps.kube.get("environments.falapp.dev", environments[name], shared_namespace)
        assert environment["spec"]["profile"] == types[machine]


def test_an_index_of_a_profile_that_does_not_answer_is_told_with_its_field(
    apps, shared_namespace, types
):
    spec = {**words.app(TORCH), "requirements": [f"{TORCH}==9.9.0"], "machineType": LOST}
    apps.apply(shared_namespace, "lost", **spec)
    app = apps.until(
        shared_namespace,
        "lost",
        lambda a: "IndexUnreachable" in (condition(a, "EnvironmentReady") or {}).get("reason", ""),
        "says that the index is unreachable",
        180,
    )
    told = condition(app, "EnvironmentReady")["message"]
    assert f"{types[LOST]['pytorchIndex']} is spec.profile.pytorchIndex of the" in told
    assert "MachineType" in told

"""What the API server refuses by itself, with the field named, and what it lets through."""

import json
from contextlib import nullcontext
from typing import Any

import pytest

from tests.kube.kubectl import Kube, KubectlError
from tests.specs import ACCEPTED, GOOD, NO_NAMES, REFUSED, TOKEN, changed


def try_out(kube: Kube, spec: dict[str, Any], name: str = "app") -> str:
    """Apply a FalApp without keeping it, as `kubectl apply --dry-run=server` does."""
    import yaml

    falapp = {
        "apiVersion": "falapp.dev/v1alpha1",
        "kind": "FalApp",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }
    command = ("apply", "--dry-run=server", "--validate=strict", "-f", "-")
    return kube.run(*command, stdin=yaml.safe_dump(falapp))


def refusal(kube: Kube, spec: dict[str, Any], name: str = "app") -> str:
    with pytest.raises(KubectlError) as caught:
        try_out(kube, spec, name)
    return str(caught.value)


@pytest.mark.parametrize("fields", ACCEPTED, ids=lambda fields: str(fields)[:80])
def test_what_the_schema_offers_is_accepted(kube, fields):
    assert "configured" in (out := try_out(kube, changed(**fields))) or "created" in out


@pytest.mark.parametrize(("fields", "named"), REFUSED, ids=str)
def test_what_is_wrong_is_refused_with_the_field_named(kube, fields, named):
    assert named in refusal(kube, changed(**fields))


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_no_service_can_have_is_refused(kube, name):
    assert "metadata.name" in refusal(kube, GOOD, name)


def test_an_environment_never_changes(kube, namespace):
    environment = {
        "apiVersion": "falapp.dev/v1alpha1",
        "kind": "Environment",
        "metadata": {"name": "by-hand"},
        # No base image of this name exists, so nothing is built.
        "spec": {"baseImage": "falapp.invalid/none", "pythonVersion": "3.11", "layers": []},
    }
    kube.apply(environment, namespace=namespace)
    for change in (
        {"layers": [["numpy"]]},
        {"resolver": "pip"},
        {"secrets": [TOKEN]},
        {"pullSecret": "base"},
    ):
        changed = environment | {"spec": environment["spec"] | change}
        with pytest.raises(KubectlError, match="never changes"):
            kube.apply(changed, namespace=namespace)


def test_a_machine_type_with_gpus_says_which_nodes(kube):
    machine = {
        "apiVersion": "falapp.dev/v1alpha1",
        "kind": "MachineType",
        "metadata": {"name": "any-gpu"},
        "spec": {"cpu": "1", "memory": "1Gi", "gpu": {"count": 1}},
    }
    import yaml

    with pytest.raises(KubectlError, match="nodeSelectorTerms"):
        kube.run("apply", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(machine))


@pytest.mark.parametrize(
    ("profile", "says"),
    [
        ({"accelerator": "cpu"}, ""),
        ({"accelerator": "cuda", "cudaVersion": "12.8"}, ""),
        ({"accelerator": "cpu", "pytorchIndex": "https://p.example:8443/whl/cpu"}, ""),
        ({"accelerator": "cuda"}, "cudaVersion belongs to accelerator cuda"),
        ({"accelerator": "cpu", "cudaVersion": "12.8"}, "cudaVersion belongs to accelerator cuda"),
        ({"accelerator": "cuda", "cudaVersion": "cu128"}, "cudaVersion"),
        ({"accelerator": "rocm"}, "accelerator"),
        ({"accelerator": "cpu", "pytorchIndex": "https://me:hunter2@p.example/"}, "pytorchIndex"),
        ({"accelerator": "cpu", "pytorchIndex": "https://p.example/?token=x"}, "pytorchIndex"),
        ({"accelerator": "cpu", "pytorchIndex": "file:///somewhere"}, "pytorchIndex"),
    ],
    ids=str,
)
def test_a_profile_says_what_it_is_for_and_holds_no_login(kube, profile, says):
    machine = {
        "apiVersion": "falapp.dev/v1alpha1",
        "kind": "MachineType",
        "metadata": {"name": "profiled"},
        "spec": {"cpu": "1", "memory": "1Gi", "profile": profile},
    }
    with pytest.raises(KubectlError, match=says) if says else nullcontext():
        kube.run("apply", "--dry-run=server", "-f", "-", stdin=json.dumps(machine))


def test_scale_works(kube, apps, namespace):
    apps.apply(
        namespace,
        "scaled",
        entrypoint="app.py",
        source={"inline": {"app.py": "import fal\n"}},
        machineType="none-such",
    )
    kube.run("scale", "falapp", "scaled", "-n", namespace, "--replicas=3")
    assert apps.get(namespace, "scaled")["spec"]["replicas"] == 3

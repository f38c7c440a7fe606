"""What the API server refuses by itself, with the field named, and what it lets through."""

import copy
import json
from contextlib import nullcontext
from typing import Any

import pytest

from tests.kube.kubectl import Kube, KubectlError

GOOD: dict[str, Any] = {
    "entrypoint": "app.py::Hello",
    "source": {"inline": {"app.py": "import fal\n"}},
    "requirements": ["requests==2.32.3"],
}

TOKEN: dict[str, Any] = {"name": "TOKEN", "secretKeyRef": {"name": "git", "key": "token"}}

GIT: dict[str, Any] = {
    "url": "https://git.example/team/apps.git",
    "ref": "release/v1.4.0",
    "path": "wan/app",
    "secretRef": {"name": "git"},
}

DATA: dict[str, Any] = {
    "name": "data",
    "mountPath": "/data",
    "persistentVolumeClaim": {"claimName": "weights"},
}


def changed(**fields: Any) -> dict[str, Any]:
    spec = copy.deepcopy(GOOD) | fields
    return {key: value for key, value in spec.items() if value is not None}


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


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"entrypoint": "app.py"},
        {"requirements": None},
        {"requirements": []},
        {"requirements": None, "requirementLayers": [["numpy"], ["pandas"]]},
        {"source": {"configMap": {"name": "code"}}},
        {"machineType": "GPU-H100", "replicas": 0},
        {"env": [{"name": "A", "value": ""}]},
        {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]},
        {"startupTimeout": "1h30m", "terminationGracePeriod": "90s"},
        {"pythonVersion": "3.11"},
        {"maxMultiplexing": 8, "requestTimeout": "5m"},
        {"source": {"git": {"url": "https://git.example/team/apps.git"}}},
        {"source": {"git": GIT}},
        {"source": {"git": GIT | {"ref": "3f1c2ab" + "0" * 33}}},
        {"source": {"image": {"name": "registry.example/code:1"}}},
        {"source": {"image": {"name": "code@sha256:0", "path": "/srv/a", "pullSecret": "p"}}},
        {"volumes": [DATA, DATA | {"name": "more", "mountPath": "/apps/more", "readOnly": True}]},
        {"volumes": [{"name": "k", "mountPath": "/keys", "secret": {"secretName": "s"}}]},
        {"volumes": [{"name": "c", "mountPath": "/conf", "configMap": {"name": "c"}}]},
        {"volumes": [DATA | {"mountPath": "/opt/models"}]},
        {
            "envFrom": [
                {"secretRef": {"name": "s"}},
                {"prefix": "A_", "configMapRef": {"name": "c"}},
            ]
        },
        {"suspend": True},
        {"rollout": {}},
        {"rollout": {"type": "Recreate"}},
        {"rollout": {"type": "RollingUpdate", "maxSurge": 0, "maxUnavailable": "25%"}},
        {"rollout": {"maxSurge": "100%", "maxUnavailable": 0}},
        {"resolver": "pip"},
        {"image": {"name": "registry.example:5000/base@sha256:0123"}},
        {"image": {"name": "nvcr.example/cuda:12.4", "pullSecret": "nvcr"}},
        {"image": {"dockerfile": "ARG A\nFROM a:${A}", "buildArgs": {"A": "1"}}},
        {"requirementSecrets": []},
        {"requirementSecrets": [TOKEN, TOKEN | {"name": "FAL_TOKEN_2"}]},
        {"requirementSecrets": [TOKEN | {"name": f"T{n}"} for n in range(64)]},
    ],
    ids=lambda fields: str(fields)[:80],
)
def test_what_the_schema_offers_is_accepted(kube, fields):
    assert "configured" in (out := try_out(kube, changed(**fields))) or "created" in out


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"replica": 2}, "spec.replica"),
        ({"source": None}, "spec.source"),
        ({"source": {}}, "spec.source"),
        (
            {"source": {"inline": {"app.py": ""}, "configMap": {"name": "code"}}},
            "give exactly one of inline, configMap, git and image",
        ),
        ({"source": {"git": GIT, "image": {"name": "a:1"}}}, "give exactly one of inline"),
        ({"source": {"git": {}}}, "spec.source.git.url"),
        ({"source": {"git": GIT | {"url": "https://me:pw@git.example/a.git"}}}, "source.git.url"),
        ({"source": {"git": GIT | {"url": "git@git.example:a.git"}}}, "spec.source.git.url"),
        ({"source": {"git": GIT | {"ref": "-u"}}}, "spec.source.git.ref"),
        ({"source": {"git": GIT | {"ref": "a b"}}}, "spec.source.git.ref"),
        ({"source": {"git": GIT | {"path": "../x"}}}, "without '..'"),
        ({"source": {"git": GIT | {"path": "/x"}}}, "spec.source.git.path"),
        ({"source": {"image": {"name": "a:1", "path": "/a; id"}}}, "spec.source.image.path"),
        ({"volumes": [DATA | {"mountPath": "/app/data"}]}, "the runner has its own there"),
        ({"volumes": [DATA | {"mountPath": "/data/../app"}]}, "the runner has its own there"),
        ({"volumes": [DATA | {"mountPath": "/./app"}]}, "the runner has its own there"),
        ({"volumes": [DATA | {"mountPath": "/opt"}]}, "the runner has its own there"),
        ({"volumes": [DATA | {"mountPath": "/opt/env/lib"}]}, "the runner has its own there"),
        ({"volumes": [DATA | {"mountPath": "/lib64"}]}, "the runner has its own there"),
        ({"volumes": [DATA | {"mountPath": "/sbin"}]}, "the runner has its own there"),
        ({"volumes": [DATA | {"mountPath": "data"}]}, "spec.volumes[0].mountPath"),
        ({"volumes": [DATA | {"configMap": {"name": "c"}}]}, "give exactly one of persistent"),
        ({"volumes": [DATA, DATA]}, "spec.volumes[1]"),
        ({"volumes": [{"name": "data", "mountPath": "/data"}]}, "give exactly one of persistent"),
        ({"envFrom": [{}]}, "give exactly one of secretRef and configMapRef"),
        ({"maxMultiplexing": 0}, "spec.maxMultiplexing"),
        ({"requestTimeout": "300"}, "spec.requestTimeout"),
        ({"source": {"inline": {}}}, "spec.source.inline"),
        ({"source": {"inline": {"../app.py": ""}}}, "spec.source"),
        ({"source": {"inline": {"lib/app.py": "", "app.py": ""}}}, "spec.source"),
        ({"source": {"inline": {"other.py": ""}}}, "spec"),
        ({"source": {"configMap": {"name": "Not_A_Name"}}}, "spec.source.configMap.name"),
        ({"entrypoint": None}, "spec.entrypoint"),
        ({"entrypoint": "app"}, "spec.entrypoint"),
        ({"entrypoint": "app.py:Hello"}, "spec.entrypoint"),
        ({"entrypoint": "app.py::"}, "spec.entrypoint"),
        ({"entrypoint": "../app.py::Hello"}, "spec.entrypoint"),
        ({"entrypoint": "app.py::Hello\n"}, "spec.entrypoint"),
        (
            {"requirementLayers": [["numpy"]]},
            "give requirements or requirementLayers, not both",
        ),
        ({"requirements": "numpy"}, "spec.requirements"),
        ({"requirements": [""]}, "spec.requirements[0]"),
        ({"requirements": None, "requirementLayers": []}, "spec.requirementLayers"),
        ({"replicas": -1}, "spec.replicas"),
        ({"suspend": "yes"}, "spec.suspend"),
        ({"rollout": {"type": "Canary"}}, "spec.rollout.type"),
        ({"rollout": {"maxSurge": "1"}}, "spec.rollout.maxSurge"),
        ({"rollout": {"maxSurge": "101%"}}, "spec.rollout.maxSurge"),
        ({"rollout": {"maxUnavailable": -1}}, "spec.rollout.maxUnavailable"),
        ({"rollout": {"maxSurge": 0, "maxUnavailable": "0%"}}, "let one of them be more"),
        ({"rollout": {"type": "Recreate", "maxSurge": 1}}, "Recreate takes none"),
        ({"pythonVersion": "3"}, "spec.pythonVersion"),
        ({"pythonVersion": 3.11}, "spec.pythonVersion"),
        ({"startupTimeout": "ten minutes"}, "spec.startupTimeout"),
        ({"startupTimeout": "600"}, "spec.startupTimeout"),
        ({"env": [{"name": "A B", "value": "1"}]}, "spec.env[0].name"),
        ({"env": [{"name": "A"}]}, "give exactly one of value and valueFrom"),
        ({"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}, "spec.env[1]"),
        ({"env": [{"name": "A", "valueFrom": {}}]}, "spec.env[0].valueFrom"),
        ({"resolver": "conda"}, "spec.resolver"),
        ({"image": {}}, "give exactly one of name and dockerfile"),
        ({"image": {"name": "a", "dockerfile": "FROM a"}}, "exactly one of name and dockerfile"),
        ({"image": {"name": "a", "buildArgs": {"A": "1"}}}, "buildArgs: they are for a dockerfile"),
        ({"image": {"name": "a b"}}, "spec.image.name"),
        ({"image": {"name": "base:1\nRUN id"}}, "spec.image.name"),
        ({"image": {"dockerfile": ""}}, "spec.image.dockerfile"),
        ({"image": {"name": "base:1", "pullSecret": "A_B"}}, "spec.image.pullSecret"),
        ({"requirementSecrets": [TOKEN | {"name": "token"}]}, "spec.requirementSecrets[0].name"),
        ({"requirementSecrets": [TOKEN, TOKEN]}, "spec.requirementSecrets[1]"),
        ({"requirementSecrets": [{"name": "A"}]}, "spec.requirementSecrets[0].secretKeyRef"),
        (
            {"requirementSecrets": [TOKEN | {"name": "FALAPP_CREDENTIAL_1"}]},
            "names that begin with FALAPP_ are the operator's own",
        ),
    ],
    ids=str,
)
def test_what_is_wrong_is_refused_with_the_field_named(kube, fields, named):
    assert named in refusal(kube, changed(**fields))


@pytest.mark.parametrize("name", ["1st", "a.b", "x" * 64])
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

"""Specs that the API server takes, and specs that it refuses; `falapp plan` agrees on them."""

import copy
from typing import Any

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


ACCEPTED: list[dict[str, Any]] = [
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
]

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"replica": 2}, "spec.replica"),
    ({"replicas": "2"}, "spec.replicas"),
    ({"machine_type": "XL"}, "spec.machine_type"),
    ({"num_gpus": 1}, "spec.num_gpus"),
    ({"env": [{"name": "A", "value_from": {}}]}, "spec.env[0].value_from"),
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
    ({"source": {"inline": {"../app.py": ""}}}, "spec"),
    ({"source": {"inline": {"lib/app.py": "", "app.py": ""}}}, "'_' and '-', and no folder"),
    ({"source": {"inline": {"other.py": ""}}}, "not among those of source.inline"),
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
    ({"env": [{"name": "A", "valueFrom": {}}]}, "exactly one of secretKeyRef and configMapKeyRef"),
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
]
"""What is changed in `GOOD`, and what the refusal names."""

NO_NAMES = ["1st", "a.b", "A_B", "x" * 64]
"""What no FalApp may be called."""

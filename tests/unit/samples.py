"""Sample objects, in the shapes in which the API server of Kubernetes 1.36 writes them."""

import copy
from datetime import UTC, datetime, timedelta

from falapp_operator.api import meta
from falapp_operator.api.environment import EnvironmentSpec
from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.api.objects import owner_reference
from falapp_operator.environment import key, manifest
from falapp_operator.settings import Settings

NAMESPACE, BUILDS = "video", "falapp-builds"
NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
DIGEST = "sha256:" + "a" * 64
BASE = "registry.example:5000/base:3.11"
IMAGE = f"registry.example:5000/environments@{DIGEST}"
CODE = "import fal\n\nclass Hello(fal.App):\n    pass\n"


def at(seconds=0):
    """Return the time so many seconds after noon, as Kubernetes writes it."""
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def settings(**changes):
    """Return settings with the least in them, and other values for whole fields or their fields."""
    least = {
        "registry": {"repository": "registry.example:5000/environments", "insecure": True},
        "builds": {
            "namespace": BUILDS,
            "kanikoImage": "kaniko:v1.24.0",
            "builderImage": "builder:v1",
        },
        "pythons": {"3.11": {"baseImage": BASE, "runtimeImage": "runtime:3.11"}},
        "defaultPython": "3.11",
    }
    for name, value in changes.items():
        old = least.get(name)
        least[name] = old | value if isinstance(old, dict) and isinstance(value, dict) else value
    return Settings.model_validate(least)


def kubeconfig(url, token):
    """Return what kubectl's file says of the API server at ``url``."""
    parts = {
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }
    return {"apiVersion": "v1", "kind": "Config", "current-context": "x", **parts}


def metadata(name, namespace=NAMESPACE, *, uid=None, created=0, **more):
    """Return what the API server puts into every object's metadata."""
    made = {
        "name": name,
        "uid": uid or f"uid-of-{name}",
        "resourceVersion": "1000",
        "creationTimestamp": at(created),
        **more,
    }
    return made | {"namespace": namespace} if namespace else made


def app_spec(**changes):
    """Return a FalApp's spec as its user writes it; None takes a field away."""
    least = {
        "source": {"inline": {"app.py": CODE}},
        "entrypoint": "app.py::Hello",
        "requirements": ["requests==2.32.3"],
        "machineType": "S",
        "replicas": 1,
    }
    return {k: v for k, v in (least | changes).items() if v is not None}


def app(name="hello", *, namespace=NAMESPACE, uid=None, generation=1, status=None, **spec):
    """Return a FalApp as it is in the API server."""
    made = {
        "apiVersion": meta.API_VERSION,
        "kind": "FalApp",
        "metadata": metadata(name, namespace, uid=uid, generation=generation),
        "spec": app_spec(**spec),
    }
    return made | {"status": status} if status else made


def machine_type(name="s", **spec):
    """Return a MachineType."""
    return {
        "apiVersion": meta.API_VERSION,
        "kind": "MachineType",
        "metadata": metadata(name, "", generation=1),
        "spec": {"cpu": "1", "memory": "1Gi"} | spec,
    }


LINUX = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
"""What every node of ours is labelled with."""

GPU = {
    "gpu": {"resource": "nvidia.com/gpu", "count": 1},
    "nodeSelectorTerms": [
        {
            "matchExpressions": [
                {"key": "nvidia.com/gpu.product", "operator": "In", "values": ["H100"]}
            ]
        },
        {"matchExpressions": [{"key": "cloud.example/h100", "operator": "Exists"}]},
    ],
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
    "runtimeClassName": "nvidia",
}
"""What a MachineType with a GPU has besides cpu and memory."""


def environment_spec(**changes):
    """Return the spec of the Environment that `app` asks for."""
    least = {"base_image": BASE, "python_version": "3.11", "layers": (("requests==2.32.3",),)}
    return EnvironmentSpec(**(least | changes))


def environment_of(falapp, *, status=None, owners=None, created=0):
    """Return the Environment that a FalApp asks for, as the API server has it."""
    spec = manifest.spec_of(FalAppSpec.model_validate(falapp["spec"]), "3.11", settings())
    return environment(
        spec,
        namespace=falapp["metadata"]["namespace"],
        status=status,
        created=created,
        owners=[owner_reference(falapp, controller=False)] if owners is None else owners,
    )


def environment(spec=None, *, namespace=NAMESPACE, status=None, owners=(), created=0, name=None):
    """Return an Environment as it is in the API server."""
    spec = spec or environment_spec()
    made = manifest.environment(spec, namespace, owners)
    made["metadata"] |= metadata(
        name or key.name(spec, namespace), namespace, generation=1, created=created
    )
    return made | {"status": copy.deepcopy(status)} if status else made


def condition(type_, status, reason, message=""):
    """Return a condition of one of our kinds."""
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": 1,
        "lastTransitionTime": at(),
    }


BUILT = {
    "observedGeneration": 1,
    "conditions": [
        condition("Ready", "True", "Built", "5 packages; built in 48 s"),
        condition("Stalled", "False", "Progressing"),
    ],
    "image": IMAGE,
    "packages": 5,
    "buildSeconds": 48,
    "attempts": 0,
}
"""The status of an Environment that is ready."""

BUILDING = {
    "observedGeneration": 1,
    "conditions": [
        condition("Ready", "False", "Building", "resolving the requirements"),
        condition("Stalled", "False", "Progressing"),
    ],
    "attempts": 1,
}

NOT_FOUND = {
    "observedGeneration": 1,
    "conditions": [
        condition("Ready", "False", "PackageNotFound", "no package nope"),
        condition("Stalled", "True", "PackageNotFound", "no package nope"),
    ],
    "attempts": 1,
    "failure": {
        "reason": "PackageNotFound",
        "message": "no package nope",
        "logTail": "No solution found",
        "command": "kubectl logs",
    },
}

RETRIED = {
    "observedGeneration": 1,
    "conditions": [
        condition("Ready", "False", "IndexUnreachable", "the index did not answer; attempt 1"),
        condition("Stalled", "False", "Progressing"),
    ],
    "attempts": 1,
    "failure": {"reason": "IndexUnreachable", "message": "the index did not answer; attempt 1"},
}

"""The build Job: resolve, build, publish, one after the other in one pod.

Each step holds only what it needs: `resolve` is not root; `build` (Kaniko) is root with six
capabilities and cannot push; `publish` can push and has no capability at all. None has a
service-account token.
"""

import json
from dataclasses import dataclass

from falapp_operator.api import meta, model
from falapp_operator.api.environment import EnvironmentSpec
from falapp_operator.api.objects import Object
from falapp_operator.environment import dockerfile, key
from falapp_operator.settings import Settings

CUSTOM_CA = "falapp-custom-ca"
"""The ConfigMap in the builds' namespace that holds the custom certificates."""

KANIKO_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "SETFCAP")
"""What unpacking an image and running an installer as root needs, and nothing else."""

_FINISHED_JOBS_STAY_SECONDS = 3600
_NONROOT = 65532


@dataclass(frozen=True, kw_only=True)
class Build:
    """A build to start."""

    name: str
    """The Environment's name, which is the Job's too."""
    spec: EnvironmentSpec
    """What to build."""
    custom_ca: bool
    """Whether the custom certificates are mounted."""


def request(build: Build, settings: Settings, owner: Object) -> Object:
    """Return the ConfigMap that tells the steps what to do; it goes when its Job does."""
    content = {
        "environment": build.name,
        "pythonVersion": build.spec.python_version,
        "layers": [list(layer) for layer in build.spec.layers],
        "image": settings.registry.repository,
        "tag": key.tag(build.spec),
        "insecure": settings.registry.insecure,
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": build.name,
            "namespace": settings.builds.namespace,
            "labels": meta.environment_labels(build.name),
            "ownerReferences": [owner],
        },
        "data": {
            "request.json": json.dumps(content, indent=1),
            "Dockerfile": dockerfile.dockerfile(build.spec),
        },
    }


def custom_ca(certificates: str, settings: Settings) -> Object:
    """Return the ConfigMap that brings the custom certificates to the build pods."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": CUSTOM_CA, "namespace": settings.builds.namespace},
        "data": {"ca.crt": certificates},
    }


def job(build: Build, settings: Settings) -> Object:
    """Return the build Job."""
    labels = meta.environment_labels(build.name)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": build.name,
            "namespace": settings.builds.namespace,
            "labels": labels,
        },
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": model.seconds(settings.builds.timeout),
            "ttlSecondsAfterFinished": _FINISHED_JOBS_STAY_SECONDS,
            # A drained node is not the build's fault: the Job starts another pod by itself.
            "podFailurePolicy": {
                "rules": [
                    {
                        "action": "Ignore",
                        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
                    }
                ]
            },
            "template": {"metadata": {"labels": labels}, "spec": _pod(build, settings)},
        },
    }


def _pod(build: Build, settings: Settings) -> Object:
    pod: Object = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "affinity": {"nodeAffinity": _AWAY_FROM_GPUS},
        "initContainers": [
            _tools(settings),
            _resolve(build),
            _kaniko(settings),
        ],
        "containers": [_publish(settings)],
        "volumes": [
            {"name": "request", "configMap": {"name": build.name}},
            *({"name": volume, "emptyDir": {}} for volume in ("tools", "lock", "out", "workspace")),
        ],
    }
    for container in (*pod["initContainers"], *pod["containers"]):
        container["resources"] = dict(settings.builds.resources)
    if build.custom_ca:
        pod["volumes"].append({"name": "ca", "configMap": {"name": CUSTOM_CA}})
        for container in (*pod["initContainers"], *pod["containers"]):
            container["volumeMounts"].append(_mount("ca", "/kaniko/ca"))
    if settings.builds.node_selector:
        pod["nodeSelector"] = dict(settings.builds.node_selector)
    if settings.builds.tolerations:
        pod["tolerations"] = [t.to_object() for t in settings.builds.tolerations]
    return pod


_AWAY_FROM_GPUS: Object = {
    "preferredDuringSchedulingIgnoredDuringExecution": [
        {
            "weight": 100,
            "preference": {
                "matchExpressions": [{"key": "nvidia.com/gpu.product", "operator": "DoesNotExist"}]
            },
        }
    ]
}


def _tools(settings: Settings) -> Object:
    return {
        "name": "tools",
        "image": settings.builds.builder_image,
        "command": ["cp", "-r", "/falapp/tools/.", dockerfile.TOOLS],
        "securityContext": _unprivileged(_NONROOT),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [_mount("tools", dockerfile.TOOLS, writable=True)],
    }


def _resolve(build: Build) -> Object:
    return {
        "name": "resolve",
        "image": build.spec.base_image,
        "command": ["python3", f"{dockerfile.TOOLS}/resolve.py"],
        "env": [{"name": "HOME", "value": "/tmp"}],  # noqa: S108 - in the pod
        "securityContext": _unprivileged(_NONROOT),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            _mount("request", "/kaniko/request"),
            _mount("tools", dockerfile.TOOLS),
            _mount("lock", "/kaniko/lock", writable=True),
        ],
    }


def _kaniko(settings: Settings) -> Object:
    registry = settings.registry.repository.split("/", 1)[0]
    insecure = ["--insecure-pull", f"--insecure-registry={registry}"]
    return {
        "name": "build",
        "image": settings.builds.kaniko_image,
        "args": [
            "--context=dir:///workspace",
            "--dockerfile=/kaniko/request/Dockerfile",
            "--no-push",
            "--destination=falapp/environment:latest",
            "--oci-layout-path=/kaniko/out/oci",
            "--snapshot-mode=redo",
            "--compressed-caching=false",
            # kind mounts this file into every node; Kaniko could not delete it (kaniko #2164).
            "--ignore-path=/product_uuid",
            "--image-fs-extract-retry=3",
            "--log-timestamp",
            *(insecure if settings.registry.insecure else ()),
            *settings.builds.extra_args,
        ],
        # Kaniko's own certificates, and the custom ones where they are mounted.
        "env": [{"name": "SSL_CERT_DIR", "value": "/kaniko/ssl/certs:/kaniko/ca"}],
        "securityContext": {
            "runAsUser": 0,
            "runAsGroup": 0,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"], "add": list(KANIKO_CAPABILITIES)},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            _mount("request", "/kaniko/request"),
            _mount("tools", dockerfile.TOOLS),
            _mount("lock", "/kaniko/lock"),
            _mount("out", "/kaniko/out", writable=True),
            _mount("workspace", "/workspace", writable=True),
        ],
    }


def _publish(settings: Settings) -> Object:
    return {
        "name": "publish",
        "image": settings.builds.builder_image,
        "command": ["/opt/falapp/bin/python", "-m", "falapp_builder.publish"],
        # Kaniko's blobs can be read by their owner alone, who is root; no capability is needed.
        "securityContext": _unprivileged(0),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            _mount("request", "/kaniko/request"),
            _mount("lock", "/kaniko/lock"),
            _mount("out", "/kaniko/out"),
        ],
    }


def _unprivileged(user: int) -> Object:
    return {
        "runAsUser": user,
        "runAsGroup": user,
        "runAsNonRoot": user != 0,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _mount(volume: str, path: str, *, writable: bool = False) -> Object:
    mount: Object = {"name": volume, "mountPath": path}
    return mount if writable else mount | {"readOnly": True}

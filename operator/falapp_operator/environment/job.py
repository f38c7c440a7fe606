"""The build Job, and the ConfigMap and Secrets that its pod mounts; what it runs is in `steps`."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from falapp_operator.api import environment, meta, model
from falapp_operator.api.environment import EnvironmentSpec
from falapp_operator.api.objects import Object
from falapp_operator.environment import gpus, key, mounts, steps
from falapp_operator.settings import Settings

CUSTOM_CA = "falapp-custom-ca"
"""The ConfigMap in the builds' namespace that holds the custom certificates."""

DOCKER_CONFIG = ".dockerconfigjson"
"""The one key of a Secret of type kubernetes.io/dockerconfigjson."""

_FINISHED_JOBS_STAY_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class Build:
    """A build to start."""

    name: str
    """The Environment's name, which is the Job's too."""
    namespace: str
    """The namespace of the Environment that asks."""
    spec: EnvironmentSpec
    """What to build."""
    base: str
    """The image underneath; empty where a Dockerfile names it."""
    custom_ca: bool
    """Whether the custom certificates are mounted."""
    variables: tuple[str, ...]
    """The names that the requirements use as ${NAME}."""

    @property
    def pull_secret(self) -> str:
        """The name of the Secret with the credentials of the base image, where it has its own."""
        # What a Dockerfile is built from needs no more of it.
        own = self.spec.pull_secret and not self.spec.has_own_base
        return f"{self.name}-pull" if own else ""


def request(build: Build, settings: Settings, owner: Object) -> Object:
    """Return the ConfigMap that tells the steps what to do; it goes when its Job does."""
    content = {
        "environment": build.name,
        "namespace": build.namespace,
        "pythonVersion": build.spec.python_version or "",
        "platform": build.spec.platform,
        "base": build.base,
        "relayed": build.spec.has_own_base,
        "cache": key.cache(build.namespace) if build.spec.is_base else "",
        "resolver": build.spec.resolver,
        "pytorchIndex": (build.spec.profile.pytorch_index if build.spec.profile else None) or "",
        "layers": build.spec.layers,
        "variables": build.variables,
        "private": key.is_private(build.spec),
        "image": settings.registry.repository,
        "tag": key.tag(build.spec, build.namespace),
        "insecure": settings.registry.insecure,
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(build.name, build, settings, owner),
        "data": {"request.json": json.dumps(content, indent=1)} | _dockerfile(build.spec),
    }


def _dockerfile(spec: EnvironmentSpec) -> dict[str, str]:
    return {"Dockerfile": spec.dockerfile.text} if spec.dockerfile and spec.is_base else {}


def base_of(job: Object) -> str:
    """Return the image underneath that a build Job was made for."""
    pod = job["spec"]["template"]["spec"]
    resolving = (c["image"] for c in pod["initContainers"] if c["name"] == steps.BASE)
    return str(next(resolving, ""))


def secret(build: Build, values: Mapping[str, str], settings: Settings, owner: Object) -> Object:
    """Return the Secret with the values of a build's variables; it goes when its Job does."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(build.name, build, settings, owner),
        "type": "Opaque",
        "data": {name: _encoded(values[name]) for name in build.variables},
    }


def pull_secret(build: Build, docker_config: str, settings: Settings, owner: Object) -> Object:
    """Return the copy of the Secret that the base image is pulled with; it goes with its Job.

    Args:
        build: The build.
        docker_config: What the Secret holds at `DOCKER_CONFIG`, in base64 as the API server has it.
        settings: The settings.
        owner: The reference to the Job.
    """
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(build.pull_secret, build, settings, owner),
        "type": "kubernetes.io/dockerconfigjson",
        "data": {DOCKER_CONFIG: docker_config},
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
    made = steps.steps(build.spec, build.base, settings)
    volumes = [v for v in _volumes(build, settings) if mounts.is_seen(v["name"], made)]
    there = frozenset(volume["name"] for volume in volumes)
    *before, last = [
        {"resources": dict(settings.builds.resources)}
        | step
        | {"volumeMounts": mounts.of(step["name"], there)}
        for step in made
    ]
    pod: Object = {
        "restartPolicy": "Never",
        # The kubelet counts them; the Job would count from before there was a node to build on.
        "activeDeadlineSeconds": model.seconds(settings.builds.timeout),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "nodeSelector": environment.node_labels(build.spec.platform)
        | settings.builds.node_selector,
        "affinity": {"nodeAffinity": gpus.keep_off(settings)},
        "initContainers": before,
        "containers": [last],
        "volumes": volumes,
    }
    # The kubelet pulls with them; a step sees no more of them than what it mounts.
    ours = settings.registry.pull_secret if build.spec.has_own_base else ""
    if names := [n for n in (build.pull_secret, ours, settings.builds.image_pull_secret) if n]:
        pod["imagePullSecrets"] = [{"name": name} for name in names]
    if settings.builds.wheel_cache:
        group = {"fsGroup": steps.PLANNER, "fsGroupChangePolicy": "OnRootMismatch"}
        pod["securityContext"] = group
    if settings.builds.tolerations:
        pod["tolerations"] = [t.to_object() for t in settings.builds.tolerations]
    return pod


def _volumes(build: Build, settings: Settings) -> list[Object]:
    """Return the volumes of a build's pod: what it is told, its credentials, and its scratch."""
    registry = settings.registry
    ours = settings.has_base(build.base)
    # Code of packages can read what Kaniko pulls with: an image that a user named is pulled with
    # the user's credentials, ours with those for images that every user gets anyway. What reads
    # the environments of all tenants is for `plan`, which asks the registry for layers.
    pull = build.pull_secret or (settings.builds.image_pull_secret if ours else "")
    logins = {"pull": pull, "registry": registry.pull_secret, "push": registry.push_secret}
    made: list[Object] = [{"name": "request", "configMap": {"name": build.name}}]
    if build.variables:
        made.append({"name": "secrets", "secret": {"secretName": build.name}})
    if build.custom_ca:
        made.append({"name": "ca", "configMap": {"name": CUSTOM_CA}})
    made += [_login(volume, name) for volume, name in logins.items() if name]
    made += [{"name": volume, "emptyDir": {}} for volume in mounts.SCRATCH]
    if claim := settings.builds.wheel_cache:
        made.append({"name": "cache", "persistentVolumeClaim": {"claimName": claim}})
    return made


def _login(volume: str, name: str) -> Object:
    items = [{"key": DOCKER_CONFIG, "path": "config.json"}]
    return {"name": volume, "secret": {"secretName": name, "items": items}}


def _metadata(name: str, build: Build, settings: Settings, owner: Object) -> Object:
    return {
        "name": name,
        "namespace": settings.builds.namespace,
        "labels": meta.environment_labels(build.name),
        "ownerReferences": [owner],
    }


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()

"""The steps of a build pod, one after the other, each with the least that it needs.

`resolve` and `plan` are not root. `wheels` and `sources` (Kaniko) are root with six capabilities
and can push nothing. `publish` can push and has no capability at all. What they see of each other
is in `mounts`.

A Dockerfile is built by a pod of its own: `dockerfile` (Kaniko), which runs whatever was written,
and `publish`. Kaniko wants to push what it caches, and to pull it again; so that no credentials are
where users' commands run, it does so through a sidecar of the same pod, which holds them.
"""

from falapp_operator.api.environment import EnvironmentSpec
from falapp_operator.api.objects import Object
from falapp_operator.settings import Settings

KANIKO_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "SETFCAP")
"""What unpacking an image and running an installer as root needs, and nothing else."""

BASE = "resolve"
"""The step that runs in the base image."""

DOCKERFILE = "dockerfile"
"""The step that builds a Dockerfile."""

SIDECARS = frozenset({"cache", "relay"})
"""What stands between Kaniko and our registry: for the layers that Kaniko caches of a Dockerfile,
and for the image that came of one."""

RELAY_ADDRESS = "127.0.0.1:5001"
"""Where it listens (`falapp_builder.relay`)."""

PLANNER = 65533
"""The user of `plan`, who alone writes to the cache of downloads."""

_NONROOT = 65532
_TOOLS = "/kaniko/falapp"
_BUILDER_PYTHON = "/opt/falapp/bin/python"
_PUBLISH = "falapp_builder.publish"
_HOME = {"name": "HOME", "value": "/tmp"}  # noqa: S108 - in the pod


def steps(spec: EnvironmentSpec, base: str, settings: Settings) -> list[Object]:
    """Return the containers of a build, in order; they have no mounts yet.

    Args:
        spec: What is built.
        base: The image underneath; empty where a Dockerfile names it.
        settings: The settings.
    """
    if spec.is_base:
        made = [
            _relay("cache", settings),
            _dockerfile(spec, settings),
            _publish(f"{_PUBLISH}.dockerfile", settings),
        ]
    else:
        relay = [_relay("relay", settings)] if spec.has_own_base else []
        made = [
            *relay,
            *_packages(spec, base, settings),
            _publish(_PUBLISH, settings),
        ]
    return [step | {"terminationMessagePolicy": "FallbackToLogsOnError"} for step in made]


def _packages(spec: EnvironmentSpec, base: str, settings: Settings) -> list[Object]:
    builds, relayed = settings.builds, spec.has_own_base
    pinned = "@" in base and settings.has_base(base)
    return [
        {
            "name": "tools",
            "image": builds.builder_image,
            "command": ["cp", "-r", "/falapp/tools/.", _TOOLS],
            "securityContext": _unprivileged(_NONROOT),
        },
        {
            "name": BASE,
            # In the base image, so that its Python and platform are those of the environment.
            "image": base,
            # A tag may have moved since the node got it, and a private image that the node has for
            # somebody else is nobody's to use: the registry is asked each time.
            "imagePullPolicy": "IfNotPresent" if pinned else "Always",
            "command": ["python3", f"{_TOOLS}/resolve.py"],
            "env": [_HOME],
            "securityContext": _unprivileged(_NONROOT),
        },
        {
            "name": "plan",
            "image": builds.builder_image,
            "command": [_BUILDER_PYTHON, "-m", "falapp_builder.plan"],
            "env": [_HOME],
            "securityContext": _unprivileged(PLANNER),
        },
        _kaniko("wheels", settings, relayed=relayed),
        _kaniko("sources", settings, relayed=relayed),
    ]


def _publish(module: str, settings: Settings) -> Object:
    return {
        "name": "publish",
        "image": settings.builds.builder_image,
        "command": [_BUILDER_PYTHON, "-m", module],
        # Kaniko's blobs can be read by their owner alone, who is root; no capability is needed.
        "securityContext": _unprivileged(0),
    }


def _relay(name: str, settings: Settings) -> Object:
    """Return the sidecar that lends one namespace's images, where credentials must not be."""
    return {
        "name": name,
        "image": settings.builds.builder_image,
        "command": [_BUILDER_PYTHON, "-m", "falapp_builder.relay"],
        "env": [_HOME],
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi"},
            "limits": {"memory": "256Mi"},
        },
        # A sidecar: it runs beside the steps after it, and ends with the last of them.
        "restartPolicy": "Always",
        "startupProbe": {
            "exec": {"command": [_BUILDER_PYTHON, "-m", "falapp_builder.relay.probe"]},
            "periodSeconds": 1,
            "timeoutSeconds": 5,
            "failureThreshold": 60,
        },
        "securityContext": _unprivileged(_NONROOT),
    }


def _dockerfile(spec: EnvironmentSpec, settings: Settings) -> Object:
    given = spec.dockerfile.args if spec.dockerfile else None
    step = _kaniko(DOCKERFILE, settings, relayed=True)
    args = [
        *(a for a in step["args"] if not a.startswith("--dockerfile=")),
        "--dockerfile=/kaniko/request/Dockerfile",
        f"--custom-platform={spec.platform}",
        "--cache=true",
        f"--cache-repo={RELAY_ADDRESS}/cache",
        # The kubelet puts variables in place of $(NAME), and makes $ of $$.
        *(f"--build-arg={n}={v.replace('$', '$$')}" for n, v in (given or {}).items()),
    ]
    return step | {"args": args}


def _kaniko(name: str, settings: Settings, *, relayed: bool) -> Object:
    registry = settings.registry.repository.split("/", 1)[0]
    plain = [registry] if settings.registry.insecure else []
    insecure = [f"--insecure-registry={r}" for r in (*plain, *([RELAY_ADDRESS] if relayed else []))]
    return {
        "name": name,
        "image": settings.builds.kaniko_image,
        "args": [
            "--context=dir:///workspace",
            f"--dockerfile=/kaniko/plan/{name}.Dockerfile",
            "--no-push",
            "--destination=falapp/environment:latest",
            "--oci-layout-path=/kaniko/out/oci",
            "--snapshot-mode=redo",
            "--compressed-caching=false",
            # Each layer is compressed twice, for its digest and to be written. At level 1 zstd
            # takes a fraction of gzip's time, and nodes unpack it faster. A base under Docker's
            # names gets gzip all the same, which at level 1 takes a third of the default's time.
            "--compression=zstd",
            "--compression-level=1",
            # kind mounts this file into every node; Kaniko could not delete it (kaniko #2164).
            "--ignore-path=/product_uuid",
            "--image-fs-extract-retry=3",
            "--log-timestamp",
            *insecure,
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

"""The steps of a build pod, one after the other, each with the least that it needs.

`resolve` and `plan` are not root. `wheels` and `sources` (Kaniko) are root with six capabilities
and can push nothing. `publish` can push and has no capability at all. What they see of each other
is in `mounts`.
"""

from falapp_operator.api.objects import Object
from falapp_operator.settings import Settings

KANIKO_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "SETFCAP")
"""What unpacking an image and running an installer as root needs, and nothing else."""

PLANNER = 65533
"""The user of `plan`, who alone writes to the cache of downloads."""

_NONROOT = 65532
_TOOLS = "/kaniko/falapp"
_BUILDER_PYTHON = "/opt/falapp/bin/python"
_HOME = {"name": "HOME", "value": "/tmp"}  # noqa: S108 - in the pod


def steps(base_image: str, settings: Settings) -> list[Object]:
    """Return the containers of a build on ``base_image``, in order; they have no mounts yet."""
    builds = settings.builds
    pinned = "@" in base_image and settings.has_base(base_image)
    made: list[Object] = [
        {
            "name": "tools",
            "image": builds.builder_image,
            "command": ["cp", "-r", "/falapp/tools/.", _TOOLS],
            "securityContext": _unprivileged(_NONROOT),
        },
        {
            "name": "resolve",
            # In the base image, so that its Python and platform are those of the environment.
            "image": base_image,
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
        _kaniko("wheels", settings),
        _kaniko("sources", settings),
        {
            "name": "publish",
            "image": builds.builder_image,
            "command": [_BUILDER_PYTHON, "-m", "falapp_builder.publish"],
            # Kaniko's blobs can be read by their owner alone, who is root; no capability is needed.
            "securityContext": _unprivileged(0),
        },
    ]
    return [step | {"terminationMessagePolicy": "FallbackToLogsOnError"} for step in made]


def _kaniko(name: str, settings: Settings) -> Object:
    registry = settings.registry.repository.split("/", 1)[0]
    insecure = [f"--insecure-registry={registry}"] if settings.registry.insecure else []
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
            # A third of the default's time for layers an eighth larger.
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

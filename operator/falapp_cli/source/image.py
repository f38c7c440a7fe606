"""fal's ContainerImage as a FalApp's image."""

import re
from typing import Any

from falapp_cli.errors import InputError
from falapp_cli.source.options import LeftOut

_NONE = {
    "builder": "Kaniko builds it",
    "compression": "layers are compressed as the base's are",
    "force_compression": "layers are compressed as the base's are",
    "secrets": "a Dockerfile gets no secrets; packages that need one go into requirements",
    "entrypoint": "a runner starts the app",
    "cmd": "a runner starts the app",
    "use_isolate": "there is no isolate agent",
    "dockerignore": "a Dockerfile runs without a context",
    "dockerignore_path": "a Dockerfile runs without a context",
}
_LONE_FROM = re.compile(r"FROM\s+(?P<image>[^\s$-]\S*)", re.IGNORECASE)


def spec(image: Any, pull_secret: str) -> tuple[dict[str, Any], list[LeftOut]]:
    """Return ``spec.image`` and what it leaves out.

    Args:
        image: A ContainerImage.
        pull_secret: The Secret with the credentials for its registries; may be empty.

    Raises:
        InputError: It has credentials, and no Secret is named for them.
    """
    text = str(image.dockerfile_str)
    if image.registries and not pull_secret:
        hosts = ", ".join(sorted(image.registries))
        raise InputError(
            f"image: registries holds credentials for {hosts}, which would stand in Git; log in "
            "with `docker login`, run `kubectl create secret generic registry-login "
            "--type=kubernetes.io/dockerconfigjson "
            '--from-file=.dockerconfigjson="$HOME/.docker/config.json"`, and give '
            "--pull-secret registry-login"
        )
    made: dict[str, Any] = {}
    named = _LONE_FROM.fullmatch("\n".join(_instructions(text)))
    if named and not image.build_args:
        made["name"] = named["image"]
    else:
        made["dockerfile"] = text
        if image.build_args:
            made["buildArgs"] = {str(k): str(v) for k, v in image.build_args.items()}
    if pull_secret:
        made["pullSecret"] = pull_secret
    return made, _left_out(image)


def _instructions(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _left_out(image: Any) -> list[LeftOut]:
    import dataclasses

    defaults = {f.name: f.default for f in dataclasses.fields(image)}
    return [
        LeftOut(option=f"image.{name}", why=why)
        for name, why in _NONE.items()
        if getattr(image, name, None) and getattr(image, name) != defaults.get(name)
    ]

"""The request: what the operator asks a build pod to make."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from falapp_builder.pod import handed

RESOLVERS = ("uv", "pip")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One environment to build."""

    environment: str
    """The Environment's name."""
    namespace: str
    """The namespace of the Environment that asked."""
    python_version: str
    """The minor version of Python that the base image must have."""
    platform: str
    """The operating system and architecture of the image, as registries write them."""
    base: str
    """The reference of the base image."""
    relayed: bool
    """Whether that is an image of our registry, which Kaniko reads through the relay."""
    cache: str
    """What the tags of the Dockerfile's cached layers begin with; empty where none is built."""
    resolver: str
    """Who chooses the versions: uv or pip."""
    pytorch_index: str
    """Where packages of the PyTorch family come from if a layer names no index; may be empty."""
    layers: tuple[tuple[str, ...], ...]
    """pip arguments, in order; each layer is resolved by itself."""
    variables: tuple[str, ...]
    """The names of the variables that the arguments use; their values are files."""
    private: bool
    """Whether the environment is for its namespace alone."""
    image: str
    """Registry and repository, without tag."""
    tag: str
    """The tag to push."""
    insecure: bool
    """Whether the registry speaks plain HTTP."""


def read(path: Path) -> Request:
    """Return the request that ``path`` holds.

    Raises:
        Failure: It cannot be read or is not a request.
    """
    wrong = f"the build request {path} cannot be used"
    return handed.read(path, _request, wrong=wrong, differ="builder and operator")


def _request(data: dict[str, Any]) -> Request:
    return Request(
        environment=str(data["environment"]),
        namespace=str(data["namespace"]),
        python_version=str(data["pythonVersion"]),
        platform=str(data["platform"]),
        base=str(data["base"]),
        relayed=bool(data["relayed"]),
        cache=str(data["cache"]),
        resolver=RESOLVERS[RESOLVERS.index(data["resolver"])],
        pytorch_index=str(data["pytorchIndex"]),
        layers=tuple(tuple(str(token) for token in layer) for layer in data["layers"]),
        variables=tuple(str(name) for name in data["variables"]),
        private=bool(data["private"]),
        image=str(data["image"]),
        tag=str(data["tag"]),
        insecure=bool(data["insecure"]),
    )

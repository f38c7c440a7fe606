"""Environment: one content-addressed set of packages and its build."""

from typing import Annotated

from pydantic import ConfigDict, Field, ValidationError

from falapp_operator.api import model
from falapp_operator.api.conditions import Condition
from falapp_operator.api.failure import Failure
from falapp_operator.api.falapp import BuildArgs, DockerfileText, RequirementSecret, Resolver
from falapp_operator.api.objects import Object
from falapp_operator.api.profile import Profile

CanonicalRequirement = Annotated[str, Field(min_length=1, max_length=4096)]
CanonicalRequirements = Annotated[tuple[CanonicalRequirement, ...], Field(max_length=256)]
"""Items may be longer than a FalApp's: a literal credential becomes a name."""


PLATFORM = "linux/amd64"
"""The only platform that apps get, for now."""


def node_labels(platform: str) -> dict[str, str]:
    """Return the labels of the nodes that run images for ``platform``."""
    system, _, architecture = platform.partition("/")
    return {"kubernetes.io/os": system, "kubernetes.io/arch": architecture}


class Dockerfile(model.Model):
    """How an image is made that packages are installed on."""

    text: DockerfileText
    """The Dockerfile."""
    args: BuildArgs | None = None
    """Values of its ARGs."""


class EnvironmentSpec(model.Model):
    """Everything that decides what the image holds; it never changes."""

    model_config = ConfigDict(
        json_schema_extra={
            "cel": [
                model.cel(
                    "self == oldSelf",
                    "an Environment's spec never changes: another one has another name",
                ),
                model.cel(
                    "has(self.baseImage) != has(self.dockerfile)",
                    "give exactly one of baseImage and dockerfile",
                ),
                model.cel(
                    "has(self.pythonVersion) || (has(self.dockerfile) &&"
                    " (!has(self.layers) || self.layers.size() == 0))",
                    "pythonVersion: what is more than the image of a dockerfile needs one",
                ),
            ]
        }
    )

    base_image: model.ImageReference | None = None
    """The image underneath, which holds Python."""
    dockerfile: Dockerfile | None = None
    """What the image underneath is built from, in place of baseImage."""
    pull_secret: model.Name | None = None
    """A Secret of type kubernetes.io/dockerconfigjson beside the Environment, to pull it with."""
    python_version: Annotated[str | None, Field(pattern=r"^3\.[0-9]{1,2}$", max_length=4)] = None
    """The minor version of Python, as 3.11; left out where it is a dockerfile's image alone."""
    platform: Annotated[str, Field(pattern=r"^linux/[a-z0-9]+$", max_length=32)] = PLATFORM
    """The operating system and architecture."""
    profile: Profile | None = None
    """What the packages are for, as the machine type says."""
    resolver: Resolver = "uv"
    """What chooses and installs packages."""
    layers: Annotated[tuple[CanonicalRequirements, ...], Field(max_length=16)] = ()
    """Lists of pip arguments, in one spelling and with ${NAME} for credentials, as in a FalApp."""
    secrets: Annotated[
        tuple[RequirementSecret, ...],
        Field(max_length=64, json_schema_extra={"list_map_keys": ["name"]}),
    ] = ()
    """Where the values of those names are."""

    @property
    def is_base(self) -> bool:
        """Whether it is the image of a Dockerfile alone, for others to be built on."""
        return self.python_version is None

    @property
    def has_own_base(self) -> bool:
        """Whether another Environment has to give it the image underneath: its Dockerfile's."""
        return self.dockerfile is not None and not self.is_base


class EnvironmentBuildStatus(model.Model):
    """An Environment's status: its image, or what keeps it from having one."""

    observed_generation: int = 0
    """The generation of the spec that was looked at."""
    conditions: Annotated[
        tuple[Condition, ...], Field(json_schema_extra={"list_map_keys": ["type"]})
    ] = ()
    """Ready and Stalled."""
    image: str = ""
    """The image, by digest, once there is one."""
    packages: int = 0
    """How many packages it holds."""
    layers_reused: int = 0
    """How many layers of packages the registry had already."""
    layers_built: int = 0
    """How many layers of packages the build made."""
    bytes: int = 0
    """How many bytes the build uploaded."""
    size: int = 0
    """The size of all layers of the image together, in bytes, compressed."""
    lock: str = ""
    """The ConfigMap that holds the lock: each package, its version, its file and its hash."""
    build_seconds: int = 0
    """How long the build took; 0 where the registry had the image."""
    attempts: int = 0
    """How many builds were started since the last success."""
    waits_for: str = ""
    """The Environment that makes the image underneath, while that is waited for."""
    failure: Failure | None = None
    """What keeps the environment from being ready, if something does."""
    retried: str = ""
    """The value of the annotation falapp.dev/retry that was acted on last."""


def status_of(environment: Object | None) -> EnvironmentBuildStatus:
    """Return the status of an Environment; an empty one where it has none that can be read."""
    try:
        return EnvironmentBuildStatus.model_validate((environment or {}).get("status", {}))
    except ValidationError:
        return EnvironmentBuildStatus()

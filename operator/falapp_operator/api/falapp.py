"""FalApp: an app, as its users write it."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from falapp_operator.api import model
from falapp_operator.api.conditions import Condition
from falapp_operator.api.failure import Failure
from falapp_operator.api.rollout import Rollout
from falapp_operator.api.source import Source, SourceStatus
from falapp_operator.api.volume import EnvFrom, Volume
from falapp_operator.api.withdrawn import Withdrawn

Requirement = Annotated[str, Field(min_length=1, max_length=2048)]
Requirements = Annotated[tuple[Requirement, ...], Field(max_length=256)]
Resolver = Literal["uv", "pip"]
DockerfileText = Annotated[str, Field(min_length=1, max_length=65536)]
MachineName = Annotated[
    str, Field(max_length=63, min_length=1, pattern=r"^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$")
]
BuildArgs = Annotated[
    dict[Annotated[str, Field(max_length=128)], Annotated[str, Field(max_length=4096)]],
    Field(min_length=1, max_length=64),
]


class KeyRef(model.Model):
    """One key of a Secret or ConfigMap in the FalApp's namespace."""

    name: model.Name
    """The object's name."""
    key: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]
    """The key in it."""


class EnvVarSource(model.Model):
    """Where a variable's value comes from: exactly one of its fields."""

    model_config = ConfigDict(
        json_schema_extra={
            "cel": [
                model.cel(
                    "has(self.secretKeyRef) != has(self.configMapKeyRef)",
                    "give exactly one of secretKeyRef and configMapKeyRef",
                    model.one_of("secretKeyRef", "configMapKeyRef"),
                )
            ]
        }
    )

    secret_key_ref: KeyRef | None = None
    """A key of a Secret."""
    config_map_key_ref: KeyRef | None = None
    """A key of a ConfigMap."""


class EnvVar(model.Model):
    """One environment variable of the runners."""

    model_config = ConfigDict(
        json_schema_extra={
            "cel": [
                model.cel(
                    "has(self.value) != has(self.valueFrom)",
                    "give exactly one of value and valueFrom",
                    model.one_of("value", "valueFrom"),
                )
            ]
        }
    )

    name: Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    """The variable's name."""
    value: Annotated[str | None, Field(max_length=32768)] = None
    """Its value, for everybody who can read the FalApp to see."""
    value_from: EnvVarSource | None = None
    """A Secret or ConfigMap that holds its value."""


class RequirementSecret(model.Model):
    """A value that requirements use as ${NAME}."""

    model_config = ConfigDict(
        json_schema_extra={
            "cel": [
                model.cel(
                    "!self.name.startsWith('FALAPP_')",
                    "name: names that begin with FALAPP_ are the operator's own; choose another",
                    lambda it: not it["name"].startswith("FALAPP_"),
                )
            ]
        }
    )

    name: Annotated[str, Field(max_length=128, pattern=r"^[A-Z][A-Z0-9_]*$")]
    """The name that stands in requirements, as GH_TOKEN for ${GH_TOKEN}."""
    secret_key_ref: KeyRef
    """The key of a Secret that holds the value."""


class Image(model.Model):
    """An image of one's own underneath the packages: exactly one of name and dockerfile."""

    model_config = ConfigDict(
        json_schema_extra={
            "cel": [
                model.cel(
                    "has(self.name) != has(self.dockerfile)",
                    "give exactly one of name and dockerfile",
                    model.one_of("name", "dockerfile"),
                ),
                model.cel(
                    "!has(self.buildArgs) || has(self.dockerfile)",
                    "buildArgs: they are for a dockerfile, and there is none",
                    lambda it: "buildArgs" not in it or "dockerfile" in it,
                ),
            ]
        }
    )

    name: model.ImageReference | None = None
    """The image; it holds python3 of the app's pythonVersion."""
    dockerfile: DockerfileText | None = None
    """The text of a Dockerfile, built once and without a context; it ends with such an image."""
    build_args: BuildArgs | None = None
    """Values of the Dockerfile's ARGs; everybody who can read the image can read them."""
    pull_secret: model.Name | None = None
    """A Secret of type kubernetes.io/dockerconfigjson beside the FalApp, to pull it with, or what
    the Dockerfile's FROM names."""


class FalAppSpec(model.Model):
    """What its user asks of an app."""

    model_config = ConfigDict(
        json_schema_extra={
            "cel": [
                model.cel(
                    "!(has(self.requirements) && has(self.requirementLayers))",
                    "give requirements or requirementLayers, not both",
                    lambda it: not ("requirements" in it and "requirementLayers" in it),
                ),
                model.cel(
                    "!has(self.source.inline) ||"
                    " self.entrypoint.split('::')[0] in self.source.inline",
                    "entrypoint: its file is not among those of source.inline",
                    lambda it: (
                        "inline" not in it["source"]
                        or it["entrypoint"].split("::")[0] in it["source"]["inline"]
                    ),
                ),
            ]
        }
    )

    source: Source
    """Where the app's files come from."""
    entrypoint: Annotated[
        str,
        Field(
            max_length=317, pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*\.py(::[A-Za-z_][A-Za-z0-9_]*)?$"
        ),
    ]
    """The file and the class, as app.py::Hello; the class may be left out where a file has one."""
    requirements: Requirements | None = None
    """pip arguments, one an item, in order, as in fal."""
    requirement_layers: Annotated[
        tuple[Requirements, ...] | None, Field(min_length=1, max_length=16)
    ] = None
    """Lists of pip arguments; each is resolved by itself, and installed on top of the others."""
    requirement_secrets: Annotated[
        tuple[RequirementSecret, ...] | None,
        Field(max_length=64, json_schema_extra={"list_map_keys": ["name"]}),
    ] = None
    """Values that requirements use as ${NAME}, such as tokens; they end up in no image."""
    resolver: Resolver | None = None
    """What chooses and installs packages, uv or pip; uv when left out, as in fal."""
    image: Image | None = None
    """The image that packages are installed on; what it has installed is seen, and kept."""
    python_version: Annotated[str | None, Field(pattern=r"^3\.[0-9]{1,2}$", max_length=4)] = None
    """The minor version of Python, as 3.11; the operator's default when left out."""
    machine_type: MachineName | None = None
    """The name of a MachineType, in any case, as GPU-H100; S when left out, as in fal."""
    machine_type_fallbacks: Annotated[
        tuple[MachineName, ...] | None, Field(min_length=1, max_length=8)
    ] = None
    """MachineTypes that will do where machineType has no room, the best first, as in fal."""
    num_gpus: Annotated[int | None, Field(ge=1, le=64, alias="numGPUs")] = None
    """How many times the machine type's GPUs, CPU and memory a runner gets, as in fal."""
    replicas: Annotated[int, Field(ge=0, le=10000)] = 1
    """How many runners to keep."""
    suspend: bool | None = None
    """Whether to keep no runner and start no build, whatever the other fields say."""
    rollout: Rollout | None = None
    """How runners of a new revision take the places of former ones."""
    env: Annotated[
        tuple[EnvVar, ...] | None,
        Field(max_length=256, json_schema_extra={"list_map_keys": ["name"]}),
    ] = None
    """Environment variables of the runners."""
    env_from: Annotated[tuple[EnvFrom, ...] | None, Field(max_length=64)] = None
    """Secrets and ConfigMaps whose keys are environment variables; `env` wins over them."""
    volumes: Annotated[
        tuple[Volume, ...] | None,
        Field(max_length=32, json_schema_extra={"list_map_keys": ["name"]}),
    ] = None
    """Folders of the runners that come from outside, such as /data."""
    max_multiplexing: Annotated[int | None, Field(ge=1, le=10000)] = None
    """How many requests a runner works on at once; what the class says, or 1, when left out."""
    request_timeout: model.Duration | None = None
    """How long a request may take, as 5m; what the class says, or 1h, when left out."""
    startup_timeout: model.Duration | None = None
    """How long import and setup() may take, as 20m; what the class says, or 10m, when left out."""
    termination_grace_period: model.Duration | None = None
    """How long a runner may take to finish; what the class says, or 30s, when left out."""

    @property
    def runners(self) -> int:
        """How many runners there are to be now."""
        return 0 if self.suspend else self.replicas

    @property
    def layers(self) -> tuple[tuple[str, ...], ...]:
        """The requirement layers, whichever of the two fields gave them; empty ones left out."""
        layers = self.requirement_layers or ((self.requirements or ()),)
        return tuple(layer for layer in layers if layer)

    @property
    def machines(self) -> tuple[str, ...]:
        """The machine types that will do, the best first, each once and as its user writes it."""
        found: dict[str, str] = {}
        for name in (
            self.machine_type or DEFAULT_MACHINE_TYPE,
            *(self.machine_type_fallbacks or ()),
        ):
            found.setdefault(name.lower(), name)
        return tuple(found.values())


class EnvironmentStatus(model.Model):
    """The environment in use."""

    name: str
    """The Environment's name."""
    image: str = ""
    """Its image, by digest, once there is one."""


class FalAppStatus(model.Model):
    """What the operator observed of an app."""

    observed_generation: int = 0
    """The generation of the spec that was looked at."""
    conditions: Annotated[
        tuple[Condition, ...], Field(json_schema_extra={"list_map_keys": ["type"]})
    ] = ()
    """Ready, EnvironmentReady, SetupComplete, Stalled; others only where there is such a thing."""
    source: SourceStatus | None = None
    """The commit of source.git that runners are given."""
    environment: EnvironmentStatus | None = None
    """The environment that runners use, or wait for."""
    replicas: int = 0
    """How many runner pods there are."""
    ready_replicas: int = 0
    """How many of them serve."""
    selector: str = ""
    """The label selector of the runner pods, for autoscalers."""
    url: str = ""
    """Where the app answers inside the cluster."""
    failure: Failure | None = None
    """What keeps the app from being ready, if something does."""
    retried: str = ""
    """The value of the annotation falapp.dev/retry that was acted on last."""
    latest_ready_revision: str | None = None
    """The revision of which all runners served last."""
    withdrawn: Withdrawn | None = None
    """The revision that is asked for and cannot start, so that latestReadyRevision serves again."""


def machine_type_name(asked: str | None) -> str:
    """Return the name of the MachineType that an app asks for as ``asked``.

    fal writes machine types in capitals (GPU-H100), which no Kubernetes object may be called.
    """
    return (asked or DEFAULT_MACHINE_TYPE).lower()


DEFAULT_MACHINE_TYPE = "S"

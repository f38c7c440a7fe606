"""What the chart tells the operator: one YAML file, read once at start.

The chart renders the file into a ConfigMap; a change of it restarts the operator.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pydantic
import yaml
from pydantic import Field

from falapp_operator import errors
from falapp_operator.api import machinetype, model, profile, stores

PATH = Path("/etc/falapp/settings.yaml")
VARIABLE = "FALAPP_SETTINGS"
"""The environment variable that names another file."""

Image = Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^\S+$")]
OptionalName = Annotated[str, Field(max_length=253, pattern=r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$")]
PythonVersion = Annotated[str, Field(pattern=r"^3\.[0-9]{1,2}$")]
Amounts = dict[str, str | int | float]
MachineName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$")]


class SettingsError(errors.FalappError):
    """The settings file cannot be used; the message is one sentence that says where and why."""


class Registry(model.Model):
    """Where environment images are looked for and pushed to."""

    repository: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$")
    ]
    """The repository of all environments: registry host and path, no scheme and no tag."""
    insecure: bool = False
    """Whether the registry speaks plain HTTP."""
    push_secret: OptionalName = ""
    """The Secret in the builds' namespace to push with; none when empty."""
    pull_secret: OptionalName = ""
    """The Secret in the builds' namespace to read the registry with; none when empty."""
    credentials: Path | None = None
    """The operator's own copy of what `pull_secret` holds."""


class Builds(model.Model):
    """Build Jobs: where they run, and with what."""

    namespace: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
    """The namespace that all build Jobs run in."""
    kaniko_image: Image
    """The Kaniko executor."""
    builder_image: Image
    """The image that resolves, installs and publishes."""
    extra_args: tuple[str, ...] = ()
    """More arguments for the Kaniko executor."""
    image_pull_secret: OptionalName = ""
    """The Secret in the builds' namespace that the images of builds are pulled with."""
    timeout: model.Duration = "1h"
    """How long one build may take, from when its pod has a node."""
    max_concurrent: Annotated[int, Field(ge=1, le=1000)] = 4
    """How many builds run at once; the others wait in the order in which they came."""
    wheel_cache: OptionalName = ""
    """The PersistentVolumeClaim in the builds' namespace that keeps downloads; none when empty."""
    resources: dict[Literal["requests", "limits"], Amounts] = Field(default_factory=dict)
    """Requests and limits of a build's containers."""
    node_selector: dict[str, str] = Field(default_factory=dict)
    """Labels of the nodes that builds run on."""
    keep_off_gpu_nodes: Annotated[
        Literal["preferred", "required"], Field(alias="keepOffGPUNodes")
    ] = "preferred"
    """Whether builds only prefer nodes without GPUs, or wait for one."""
    tolerations: tuple[machinetype.Toleration, ...] = ()
    """Taints that build pods put up with."""


class Runners(model.Model):
    """What all runner pods have."""

    image_pull_secrets: tuple[model.Name, ...] = ()
    """Secrets in the apps' namespaces that environment images are pulled with."""
    files: stores.Files = stores.Files()
    """Where the files of fal.toolkit go."""


class Python(model.Model):
    """The images that make a Python version available to apps."""

    base_image: model.ImageReference
    """What environments are built on: it holds python3 of this version."""
    runtime_image: Image
    """What runner pods copy the launcher and fal from, made for this version."""


class Pytorch(model.Model):
    """Where PyTorch's wheels are, for machine types that say nothing themselves."""

    index: profile.OptionalIndexAddress = ""
    """What stands before /cpu and /cu128 in the addresses of its indexes; nothing when empty."""
    cuda_version: profile.CudaVersion = "12.8"
    """The version of CUDA of machine types with NVIDIA's GPUs."""

    def applied(self, machine: machinetype.MachineTypeSpec) -> machinetype.MachineTypeSpec:
        """Return a machine type with its profile: its own, or one that follows from its GPUs."""
        known = machine.profile or (self._following(machine.gpu) if self.index else None)
        return machine.model_copy(update={"profile": known.below(self.index)}) if known else machine

    def _following(self, gpu: machinetype.Gpu | None) -> profile.Profile | None:
        if gpu is None:
            return profile.Profile(accelerator="cpu")
        if not gpu.resource.startswith("nvidia.com/"):
            return None
        return profile.Profile(accelerator="cuda", cuda_version=self.cuda_version)


class Lease(model.Model):
    """Which Lease makes one operator of several the one that works."""

    name: model.Name
    """The Lease's name."""
    namespace: model.Name
    """Its namespace, the operator's own."""
    seconds: Annotated[float, Field(ge=1, le=300)] = 15.0
    """How long after its last sign of life an operator that ended without a word is replaced."""


class Settings(model.Model):
    """Everything that is decided by who installs the operator."""

    registry: Registry
    """Where environment images are looked for and pushed to."""
    builds: Builds
    """Build Jobs: where they run, and with what."""
    runners: Runners = Runners()
    """What all runner pods have."""
    pythons: Annotated[dict[PythonVersion, Python], Field(min_length=1)]
    """Images by the minor version of Python, as 3.11."""
    default_python: PythonVersion
    """The Python version of apps that name none; one of `pythons`."""
    custom_ca: Annotated[Path | None, Field(alias="customCA")] = None
    """A PEM bundle to trust besides the images' own; builds get a copy of it."""
    lease: Lease | None = None
    """The Lease to hold before anything is written; without one this operator is the only one."""
    resync_seconds: Annotated[int, Field(ge=10, le=86400)] = 300
    """How often every object is looked at though nothing happened to it."""
    health_port: Annotated[int, Field(ge=1, le=65535)] = 8080
    """The port that answers the kubelet's probes."""
    log_level: Literal["info", "debug"] = "info"
    """How much the operator tells in its log."""
    pytorch: Pytorch = Pytorch()
    """Where PyTorch's wheels are, for machine types that say nothing themselves."""
    machine_types: dict[MachineName, machinetype.MachineTypeSpec] = Field(default_factory=dict)
    """Machine types to apply at start, by fal's names; what administrators edited stays theirs."""

    @pydantic.model_validator(mode="after")
    def _default_python_is_available(self) -> Self:
        if self.default_python not in self.pythons:
            raise ValueError(
                f"defaultPython is {self.default_python}, and pythons has only "
                f"{', '.join(sorted(self.pythons))}: add its images, or choose one of these"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _machine_names_differ_in_more_than_case(self) -> Self:
        names = [name.lower() for name in self.machine_types]
        for name in self.machine_types:
            if names.count(name.lower()) > 1:
                raise ValueError(
                    f"machineTypes has {name} twice, in another case: its object is called "
                    f"{name.lower()}, so remove one"
                )
        return self

    def has_base(self, image: str) -> bool:
        """Return whether an image is one of the operator's own base images."""
        return image in {python.base_image for python in self.pythons.values()}

    @classmethod
    def load(cls, path: str | Path | None = None) -> Self:
        """Read the settings file.

        Args:
            path: The file; by default the one that FALAPP_SETTINGS names, else where the chart
                puts it.

        Raises:
            SettingsError: The file is missing, is no YAML mapping, or says something wrong.
        """
        path = Path(path or os.environ.get(VARIABLE) or PATH)
        try:
            return cls.model_validate(_mapping(path))
        except pydantic.ValidationError as error:
            raise SettingsError(f"{path}: {_sentence(error)}") from error


def _mapping(path: Path) -> dict[str, Any]:
    """Return what the YAML file at ``path`` holds, if that is a mapping."""
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}); mount the chart's settings there, "
            f"or name another file in {VARIABLE}"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        why = " ".join(str(error).split())
        raise SettingsError(f"{path}: is not YAML ({why})") from error
    if not isinstance(value, dict):
        raise SettingsError(f"{path}: holds no mapping of settings")
    return value


def _sentence(error: pydantic.ValidationError) -> str:
    """Return the first thing that is wrong as ``field: why, got value``, and how many follow."""
    first, *others = error.errors(include_url=False)
    field = ".".join(str(part) for part in first["loc"])
    why = first["msg"].removeprefix("Value error, ")
    why = why[:1].lower() + why[1:]
    got = "" if first["type"] in {"missing", "value_error"} else f", got {first['input']!r:.100}"
    more = f" (and {len(others)} more)" if others else ""
    return f"{field + ': ' if field else ''}{why}{got}{more}"

"""MachineType: a named kind of machine, and which nodes are of that kind."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from falapp_operator.api import model
from falapp_operator.api.profile import Profile

Quantity = Annotated[
    str, Field(max_length=32, pattern=r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$")
]
"""An amount as Kubernetes writes it: 500m, 2, 15Gi."""

LabelValue = Annotated[str, Field(max_length=63)]


DriverCapability = Literal[
    "all", "compute", "compat32", "display", "graphics", "ngx", "utility", "video"
]
"""A part of NVIDIA's driver, as its container toolkit calls it."""


class Gpu(model.Model):
    """The GPUs of a machine type."""

    resource: Annotated[str, Field(max_length=253)] = "nvidia.com/gpu"
    """The extended resource that a device plugin offers."""
    count: Annotated[int, Field(ge=1, le=64)] = 1
    """How many of them a runner gets."""


class NodeSelectorRequirement(model.Model):
    """One demand on a node's labels."""

    model_config = ConfigDict(
        json_schema_extra={
            "cel": [
                model.cel(
                    "self.operator in ['In', 'NotIn'] "
                    "? has(self.values) && size(self.values) > 0 "
                    ": self.operator in ['Gt', 'Lt'] "
                    "? has(self.values) && size(self.values) == 1 "
                    ": !has(self.values) || size(self.values) == 0",
                    "In and NotIn need values, Gt and Lt one, Exists and DoesNotExist none",
                )
            ]
        }
    )

    key: Annotated[str, Field(min_length=1, max_length=317)]
    """The label."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    """How its value is compared."""
    values: Annotated[tuple[LabelValue, ...] | None, Field(max_length=64)] = None
    """What it is compared with."""


class NodeSelectorTerm(model.Model):
    """Demands on a node's labels, all of which must hold."""

    match_expressions: Annotated[
        tuple[NodeSelectorRequirement, ...], Field(min_length=1, max_length=16)
    ]
    """The demands."""


class Toleration(model.Model):
    """A taint that runners on this machine type put up with, as in a pod."""

    model_config = ConfigDict(
        json_schema_extra={
            "cel": [
                model.cel(
                    "has(self.operator) && self.operator == 'Exists' "
                    "? !has(self.value) : has(self.key)",
                    "Exists takes no value, and Equal needs a key",
                )
            ]
        }
    )

    key: Annotated[str | None, Field(max_length=317)] = None
    """The taint's key; every taint when left out."""
    operator: Literal["Exists", "Equal"] | None = None
    """How the value is compared; Equal when left out."""
    value: Annotated[str | None, Field(max_length=63)] = None
    """The taint's value."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect; every effect when left out."""


class MachineTypeSpec(model.Model):
    """What a runner on this machine type gets, and where it may run."""

    model_config = ConfigDict(
        json_schema_extra={
            "cel": [
                model.cel(
                    "!has(self.gpu) || has(self.nodeSelectorTerms)",
                    "a machine type with GPUs needs nodeSelectorTerms, or any GPU would do",
                )
            ]
        }
    )

    cpu: Quantity
    """CPU that a runner requests and may use."""
    memory: Quantity
    """Memory that a runner requests and may use."""
    gpu: Gpu | None = None
    """GPUs; none when left out."""
    node_selector_terms: Annotated[
        tuple[NodeSelectorTerm, ...] | None, Field(min_length=1, max_length=32)
    ] = None
    """Which nodes are of this kind: a node needs to satisfy one of the terms."""
    tolerations: Annotated[tuple[Toleration, ...] | None, Field(max_length=32)] = None
    """Taints that such nodes may have."""
    runtime_class_name: model.Name | None = None
    """The RuntimeClass of the runners, as nvidia."""
    shared_memory: Quantity | None = None
    """How large /dev/shm is, out of `memory`; what the node gives, often 64Mi, when left out."""
    driver_capabilities: Annotated[
        tuple[DriverCapability, ...] | None, Field(min_length=1, max_length=8)
    ] = None
    """Parts of NVIDIA's driver for runners, NVIDIA_DRIVER_CAPABILITIES; the node's if left out."""
    profile: Profile | None = None
    """What packages of apps on it are for; nothing is known of that when left out."""


class MachineTypeStatus(model.Model):
    """What the operator observed of a machine type."""

    nodes: int = 0
    """How many nodes are of this kind and open to its runners now, full ones included."""

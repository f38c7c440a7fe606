"""The family of PyTorch: packages that are published once for each accelerator, at indexes apart.

The names are those that uv routes with --torch-backend (crates/uv-torch/src/backend.rs), without
what is the same file at every index (triton, torchdata, torchserve, torcharrow) and without the
builds of triton for nightly versions, ROCm and XPU.
"""

from falapp_requirements.options import URLS, Option
from falapp_requirements.tokens import Arguments

FAMILY = frozenset(
    {
        "torch",
        "torch-tensorrt",
        "torchao",
        "torchaudio",
        "torchcsprng",
        "torchdistx",
        "torchtext",
        "torchvision",
    }
)
"""Their normalised names."""


def asked(arguments: Arguments) -> frozenset[str]:
    """Return the packages of the family that a layer asks an index for, by name."""
    return FAMILY & {r.name for r in arguments.requirements if not r.url}


def has_index(arguments: Arguments) -> bool:
    """Return whether a layer says itself where to look."""
    return any(isinstance(item, Option) and item.name in URLS for item in arguments.items)

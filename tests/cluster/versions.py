"""Every version that the cluster is made of, and how versions are compared.

The Go modules are pinned a second time, by checksum, in go/<part>/go.mod and go.sum;
a unit test keeps both in step.
"""

import re

KIND = "v0.33.0"
HELM_LEAST = "3.14.0"
KUBECTL_LEAST = "1.31.0"

NODE_IMAGE = (
    "kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5"
)
"""The node image that this release of kind was published with; used where it can be pulled."""

KUBERNETES = "v1.36.3"
"""What the assembled node runs. Its companions below are those that its kubeadm asks for."""
COREDNS = "v1.14.2"
ETCD = "3.6.8-0"
PAUSE = "3.10.2"

KANIKO = "v1.24.0"
HELM = "v4.3.1"
REGISTRY_IMAGE = "registry:2.8.3"

PYTHONS = {"3.11": "bookworm", "3.13": "trixie"}
"""Python versions that have a base and a runtime image, and the Debian that each comes with."""
PYTHON_MINORS = tuple(PYTHONS)
DEBIAN = "bookworm"
"""What the node is made of, and the images that need no Python of a user's choice."""

KANIKO_IMAGE = f"gcr.io/kaniko-project/executor:{KANIKO}"


def python_image(minor: str) -> str:
    """Name the base image of a Python minor version where it can be pulled."""
    return f"python:{minor}-slim-{PYTHONS[minor]}"


def parse(text: str) -> tuple[int, int, int] | None:
    """Find the first version number in a tool's own words: 'Client Version: v1.32.4-x'."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if found is None:
        return None
    return int(found[1]), int(found[2]), int(found[3] or 0)


def at_least(text: str, least: str) -> bool:
    """Tell whether the version in `text` is `least` or newer."""
    have, want = parse(text), parse(least)
    return have is not None and want is not None and have >= want


def same(text: str, wanted: str) -> bool:
    """Tell whether the version in `text` is exactly `wanted`."""
    have = parse(text)
    return have is not None and have == parse(wanted)

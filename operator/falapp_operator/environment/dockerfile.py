"""The Dockerfile of an environment: a venv on the base, and one RUN for each requirement layer.

Nothing that a user wrote is in it: requirements reach the build as a lock on a mounted volume. It
has no COPY, since Kaniko would then have to unpack the base even for a cached layer.
"""

from falapp_operator.api.environment import EnvironmentSpec

VENV = "/opt/env"
"""Where the packages are; what an own base image has installed is seen through it."""

TOOLS = "/kaniko/falapp"
"""Our scripts in the build pod; Kaniko's snapshots leave out everything below /kaniko."""


def dockerfile(spec: EnvironmentSpec) -> str:
    """Return the Dockerfile of ``spec``'s image."""
    lines = [
        f"FROM {spec.base_image}",
        f"RUN python3 -m venv --without-pip --system-site-packages {VENV}",
        *(f"RUN python3 {TOOLS}/install.py {layer}" for layer in range(len(spec.layers))),
    ]
    return "\n".join(lines) + "\n"

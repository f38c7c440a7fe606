"""Where everything is in a build pod."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Places:
    """The paths that the steps of a build share; tests give others."""

    tools: Path = Path("/kaniko/falapp")
    """uv, the CA bundle for bases without one, and this package."""
    request: Path = Path("/kaniko/request/request.json")
    """What to build."""
    locks: Path = Path("/kaniko/lock")
    """What resolve found, one folder a layer."""
    authority: Path = Path("/kaniko/ca/ca.crt")
    """The cluster's own certificate authorities, if it has any."""
    environment: Path = Path("/opt/env")
    """The venv of the image."""
    layout: Path = Path("/kaniko/out/oci")
    """The image that Kaniko made, as an OCI layout."""
    termination: Path = Path("/dev/termination-log")
    """How a step tells the operator how it ended."""

    @property
    def uv(self) -> Path:
        """The uv binary."""
        return self.tools / "uv"

    @property
    def fallback_bundle(self) -> Path:
        """Public certificate authorities, for a base image that has none."""
        return self.tools / "cacert.pem"

    def lock(self, layer: int) -> Path:
        """Return the lock of a layer."""
        return self.locks / f"layer-{layer}" / "pylock.toml"


IN_POD = Places()

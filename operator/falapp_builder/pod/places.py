"""Where everything is in a build pod."""

from dataclasses import dataclass
from pathlib import Path

RELAY_PORT = 5001
RELAY = f"127.0.0.1:{RELAY_PORT}"
"""Where the relay listens, for the containers of its pod alone."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """The paths that the steps of a build share; tests give others."""

    tools: Path = Path("/kaniko/falapp")
    """uv, pip, git, the CA bundle for bases without one, and this package."""
    request: Path = Path("/kaniko/request/request.json")
    """What to build."""
    secrets: Path = Path("/kaniko/secrets")
    """The values of variables, a file a name; absent where none is used."""
    locks: Path = Path("/kaniko/lock")
    """What resolve found."""
    plan: Path = Path("/kaniko/plan")
    """What plan decided: which layers there are, which are missing, how to build those."""
    wheels: Path = Path("/kaniko/wheels")
    """Downloaded and verified files, a folder a hash."""
    cache: Path = Path("/kaniko/cache")
    """Downloads that are kept between builds, if there is a volume for them."""
    stage: Path = Path("/kaniko/stage")
    """Where a group is installed before it is moved into the environment."""
    authority: Path = Path("/kaniko/ca/ca.crt")
    """The cluster's own certificate authorities, if it has any."""
    pull: Path = Path("/kaniko/.docker/config.json")
    """Credentials to read a private base image, if it needs any."""
    registry: Path = Path("/kaniko/registry/config.json")
    """Credentials to read the environments' registry, where they are not those of `pull`."""
    push: Path = Path("/kaniko/push/config.json")
    """Credentials to push, if the registry wants any."""
    environment: Path = Path("/opt/env")
    """The venv of the image."""
    out: Path = Path("/kaniko/out")
    """What Kaniko made: in publish, a folder for each of the two builds."""
    termination: Path = Path("/dev/termination-log")
    """How a step tells the operator how it ended."""

    @property
    def uv(self) -> Path:
        """The uv binary."""
        return self.tools / "uv"

    @property
    def pip(self) -> Path:
        """The folder that holds pip, and nothing else."""
        return self.tools / "pip"

    @property
    def programs(self) -> Path:
        """The folder of programs that a base image may lack: git."""
        return self.tools / "bin"

    @property
    def fallback_bundle(self) -> Path:
        """Public certificate authorities, for a base image that has none."""
        return self.tools / "cacert.pem"

    @property
    def resolved(self) -> Path:
        """All layers' packages, merged."""
        return self.locks / "resolved.json"

    @property
    def plan_file(self) -> Path:
        """The plan."""
        return self.plan / "plan.json"

    @property
    def wheels_layout(self) -> Path:
        """What the build of the wheels made, as an OCI layout, in publish."""
        return self.out / "wheels" / "oci"

    @property
    def sources_layout(self) -> Path:
        """What the build of the sources made, as an OCI layout, in publish."""
        return self.out / "sources" / "oci"

    def group(self, identity: str) -> Path:
        """Return what install needs to know of a group."""
        return self.plan / "groups" / f"{identity}.json"

    def wheel(self, sha256: str, name: str) -> Path:
        """Return where a downloaded file is."""
        return self.wheels / sha256 / name


IN_POD = Places()

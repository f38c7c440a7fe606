"""Programs that come from Go modules, compiled once a machine.

Versions are pinned by checksum: go/<part>/go.mod and go.sum are read, never changed.
"""

import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import fingerprint, versions
from tests.cluster.errors import ClusterError
from tests.cluster.run import Run

SOURCES = Path(__file__).parent / "go"

STRIPPED = "-s -w"
# kubeadm and kubectl refuse to work with a Kubernetes that does not know its version.
_, _MINOR, _ = versions.parse(versions.KUBERNETES) or (0, 0, 0)
KUBERNETES_SAYS = " ".join(
    [
        STRIPPED,
        f"-X k8s.io/component-base/version.gitVersion={versions.KUBERNETES}",
        "-X k8s.io/component-base/version.gitMajor=1",
        f"-X k8s.io/component-base/version.gitMinor={_MINOR}",
        f"-X k8s.io/client-go/pkg/version.gitVersion={versions.KUBERNETES}",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A program, and where its main package is."""

    name: str
    """Its folder under go/."""
    version: str
    binary: str
    package: str = "."
    flags: str = STRIPPED
    takes: str
    """How long it takes on two cores when nothing is cached."""


KUBERNETES = Part(
    name="kubernetes",
    version=versions.KUBERNETES,
    binary="hyperkube",
    flags=KUBERNETES_SAYS,
    takes="about 7 min",
)
COREDNS = Part(name="coredns", version=versions.COREDNS, binary="coredns", takes="about 1 min")
PAUSE = Part(name="pause", version=versions.PAUSE, binary="pause", takes="seconds")
KIND = Part(
    name="kind",
    version=versions.KIND,
    binary="kind",
    package="sigs.k8s.io/kind",
    takes="under 1 min",
)
HELM = Part(
    name="helm",
    version=versions.HELM,
    binary="helm",
    package="helm.sh/helm/v4/cmd/helm",
    takes="about 2 min",
)
KANIKO = Part(
    name="kaniko",
    version=versions.KANIKO,
    binary="executor",
    package="github.com/GoogleContainerTools/kaniko/cmd/executor",
    takes="about 2 min",
)
PARTS = (KIND, PAUSE, COREDNS, KUBERNETES, KANIKO, HELM)
"""In the order in which an assembled cluster needs them."""


def available() -> bool:
    """Tell whether there is a Go compiler."""
    return shutil.which("go") is not None


def key(part: Part) -> str:
    """Say what a program is made from."""
    return fingerprint.of(
        {
            "sources": fingerprint.tree(SOURCES / part.name),
            "package": part.package,
            "flags": part.flags,
            "machine": platform.machine(),
        }
    )


def build(run: Run, part: Part) -> Path:
    """Give a program's path, compiling it if this machine has not done so before."""
    folder = run.cache.binaries / f"{part.name}-{key(part)}"
    if (folder / part.binary).exists():
        return folder / part.binary
    if not available():
        raise ClusterError(
            f"{part.name} {part.version} is not on PATH and there is no Go to compile it with; "
            f"install Go 1.26 or {part.name}"
        )
    doing = f"compiling ({part.takes} on 2 cores, once a machine)"
    with (
        run.progress.step(f"{part.name} {part.version}", doing),
        run.cache.scratch(part.name) as scratch,
    ):
        argv = ["go", "build", "-mod=readonly", "-trimpath", "-buildvcs=false"]
        argv += ["-ldflags", part.flags, "-o", str(scratch / part.binary), part.package]
        run.call(argv, log=f"go-{part.name}", env={"CGO_ENABLED": "0"}, cwd=SOURCES / part.name)
        _keep(scratch, folder)
    return folder / part.binary


def _keep(made: Path, folder: Path) -> None:
    """Move a whole build into its place, and drop the builds that it replaces."""
    for old in folder.parent.glob(f"{folder.name.rpartition('-')[0]}-*"):
        shutil.rmtree(old)
    folder.mkdir(parents=True)
    for binary in made.iterdir():
        binary.rename(folder / binary.name)

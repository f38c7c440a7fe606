"""kind, helm and kubectl: those on PATH if their versions fit, else our own."""

import shutil
from pathlib import Path

from tests.cluster import docker, golang, kind, versions
from tests.cluster.choice import Way
from tests.cluster.run import Run


def find_kind(run: Run) -> Path:
    """Give the kind that the node image belongs to."""
    on_path = shutil.which("kind")
    if on_path and versions.same(run.ask([on_path, "version"]) or "", versions.KIND):
        return Path(on_path)
    return golang.build(run, golang.KIND)


def find_helm(run: Run) -> Path:
    """Give a Helm that can install our chart."""
    on_path = shutil.which("helm")
    said = run.ask([on_path, "version", "--short"]) if on_path else None
    if on_path and versions.at_least(said or "", versions.HELM_LEAST):
        return Path(on_path)
    return golang.build(run, golang.HELM)


def kubectl_on_path(run: Run) -> Path | None:
    """Give the kubectl on PATH, if it is recent enough."""
    on_path = shutil.which("kubectl")
    said = run.ask([on_path, "version", "--client"]) if on_path else None
    if on_path and versions.at_least(said or "", versions.KUBECTL_LEAST):
        return Path(on_path)
    return None


def find_kubectl(run: Run, way: Way, image: str) -> Path:
    """Give a kubectl that fits the cluster whose node image this is."""
    if way is Way.ASSEMBLED:
        return _linked(golang.build(run, golang.KUBERNETES))
    return kubectl_on_path(run) or _copied(run, image)


def _linked(hyperkube: Path) -> Path:
    """The all-in-one binary acts as kubectl when it is called so."""
    link = hyperkube.with_name("kubectl")
    if not link.is_symlink():
        link.symlink_to(hyperkube.name)
    return link


def _copied(run: Run, image: str) -> Path:
    """The node image holds a kubectl of its own version."""
    stamp = docker.label(docker.inspect(run, "image", image)) or "unknown"
    target = run.cache.binaries / f"kubectl-{stamp}" / "kubectl"
    if target.exists():
        return target
    name = f"{kind.NAME}-kubectl"
    with run.cache.scratch("kubectl") as folder:
        run.call(["docker", "create", "--name", name, image], log="kubectl")
        try:
            source = f"{name}:/usr/bin/kubectl"
            run.call(["docker", "cp", "--follow-link", source, folder / "kubectl"], log="kubectl")
        finally:
            run.call(["docker", "rm", "--force", "--volumes", name], log="kubectl")
        target.parent.mkdir(parents=True, exist_ok=True)
        (folder / "kubectl").rename(target)
    return target

"""The node image: kind's own where it can be pulled, else one put together here.

The fingerprint on it is inherited by the cluster's containers: that is how a later run, maybe
of another checkout, tells a cluster that it would make just so from one to replace.
"""

import os
import shutil
from pathlib import Path

from tests.cluster import base, docker, fingerprint, golang, trust, versions
from tests.cluster.choice import Way
from tests.cluster.run import Run

FILES = Path(__file__).parent / "files"
ALIAS = "localhost/falapp/components:node"
"""The name of the components' image that the pod network asks for."""


def names(components: str, coredns: str, pause: str) -> dict[str, str]:
    """Say which image stands for each name that kubeadm asks for."""
    programs = ("kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler")
    return {
        **{f"registry.k8s.io/{name}:{versions.KUBERNETES}": components for name in programs},
        f"registry.k8s.io/etcd:{versions.ETCD}": components,
        f"registry.k8s.io/coredns/coredns:{versions.COREDNS}": coredns,
        f"registry.k8s.io/pause:{versions.PAUSE}": pause,
        ALIAS: components,
    }


def key(way: Way) -> str:
    """Say what the node image is made from."""
    if way is Way.PULLED:
        source: dict[str, object] = {"image": versions.NODE_IMAGE}
    else:
        minor = versions.PYTHON_MINORS[0]
        bundle = trust.bundle()
        source = {
            "base": base.tag(minor, way),
            "files": {name: fingerprint.tree(FILES / name) for name in ("node", "components")},
            "programs": {part.name: golang.key(part) for part in _programs()},
            "names": names("components", "coredns", "pause"),
            "trust": fingerprint.file(bundle) if bundle else None,
        }
    return fingerprint.of({"source": source, "stamp": fingerprint.tree(FILES / "stamp")})


def image(run: Run, way: Way, stamp: str) -> str:
    """Give the node image's name in the local Docker, making it if it is missing.

    The stamp is the whole cluster's fingerprint; a new stamp alone costs a second.
    """
    name = f"falapp/node:{stamp}"
    if docker.inspect(run, "image", name):
        return name
    source = versions.NODE_IMAGE if way is Way.PULLED else _assembled(run, key(way))
    with run.cache.scratch("stamp") as folder:
        shutil.copytree(FILES / "stamp", folder, dirs_exist_ok=True)
        docker.build(run, folder, name, stamp=stamp, log="node", args={"BASE": source})
    return name


def _programs() -> tuple[golang.Part, ...]:
    return (golang.KUBERNETES, golang.COREDNS, golang.PAUSE)


def _assembled(run: Run, stamp: str) -> str:
    name = f"falapp/assembled:{stamp}"
    if docker.inspect(run, "image", name):
        return name
    with (
        run.progress.step("node image", "assembling (about 1 min)"),
        run.cache.scratch("node") as folder,
    ):
        root = base.image(run, versions.PYTHON_MINORS[0], Way.ASSEMBLED)
        components, coredns, pause = (_program(run, part, root) for part in _programs())
        shutil.copytree(FILES / "node", folder, dirs_exist_ok=True)
        images = [components, coredns, pause]
        run.call(["docker", "save", "-o", folder / "images.tar", *images], log="node")
        table = names(*(f"docker.io/{image}" for image in images))
        (folder / "images.names").write_text("".join(f"{v} {k}\n" for k, v in table.items()))
        (folder / "version").write_text(f"{versions.KUBERNETES}\n")
        shutil.copy(trust.BUNDLE, folder / "ca-certificates.crt")
        docker.build(run, folder, name, stamp=stamp, log="node", args={"BASE": components})
    return name


def _program(run: Run, part: golang.Part, root: str) -> str:
    """Put a program into an image: files/<name> says how."""
    recipe = FILES / ("components" if part is golang.KUBERNETES else part.name)
    inputs = {"recipe": fingerprint.tree(recipe), "program": golang.key(part), "root": root}
    stamp = fingerprint.of(inputs)
    name = f"falapp/{recipe.name}:{stamp}"
    if not docker.inspect(run, "image", name):
        with run.cache.scratch(part.name) as folder:
            shutil.copytree(recipe, folder, dirs_exist_ok=True)
            os.link(golang.build(run, part), folder / part.binary)
            args = {"BASE": root} if part is golang.KUBERNETES else None
            docker.build(run, folder, name, stamp=stamp, log="node", args=args)
    return name

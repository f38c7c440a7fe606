"""The images that pods run, built here and pushed: base, Kaniko, our own three, tests' servers.

A tag says what an image was made from; an image whose tag the registry has is not built again.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import base, context, docker, fingerprint, golang, oci, trust, versions
from tests.cluster.choice import Way
from tests.cluster.cluster import Images
from tests.cluster.errors import ClusterError
from tests.cluster.registry import Registry
from tests.cluster.run import Run

ROOT = Path(__file__).parents[2]
KANIKO_FILES = Path(__file__).parent / "files" / "kaniko"
SERVERS_FILES = Path(__file__).parent / "files" / "servers"
SERVERS_LOCK = ROOT / "requirements" / "servers.txt"


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """Builds images and pushes them to one registry."""

    run: Run
    way: Way
    registry: Registry

    def bases(self) -> dict[str, str]:
        """Publish the base image of each Python minor version."""
        return {
            minor: self._as_oci(base.image(self.run, minor, self.way))
            for minor in versions.PYTHON_MINORS
        }

    def kaniko(self) -> str:
        """Publish the Kaniko executor."""
        if self.way is not Way.ASSEMBLED:
            return self._pulled_kaniko()
        bundle = fingerprint.file(trust.BUNDLE)
        stamp = fingerprint.of(
            {
                "recipe": fingerprint.tree(KANIKO_FILES),
                "program": golang.key(golang.KANIKO),
                "trust": bundle,
            }
        )
        name = f"falapp/kaniko:{versions.KANIKO}-{stamp}"
        found = self._published(name)
        if found:
            return found
        program = golang.build(self.run, golang.KANIKO)
        with (
            self.run.progress.step("kaniko", "building and pushing its image"),
            self.run.cache.scratch("kaniko") as folder,
        ):
            shutil.copytree(KANIKO_FILES, folder, dirs_exist_ok=True)
            shutil.copy(trust.BUNDLE, folder / "ca-certificates.crt")
            os.link(program, folder / program.name)
            docker.build(self.run, folder, name, stamp=stamp, log="kaniko")
            return self._push(name)

    def ours(self) -> dict[str, str | ClusterError]:
        """Publish the operator's, the builder's and each Python's runtime image.

        A broken one is handed back as its error: whoever mends it may need the cluster for that.
        """
        found: dict[str, str | ClusterError] = {}
        for recipe, repository, minor in own_images():
            try:
                found[repository] = self._own(recipe, repository, minor)
            except ClusterError as error:
                found[repository] = error
        return found

    def servers(self, *, wanted: bool) -> dict[str, str | ClusterError]:
        """Publish what the tests' own servers run on; if it is not wanted, only look for it."""
        root = base.image(self.run, versions.PYTHON_MINORS[0], self.way)
        with self.run.cache.scratch("servers") as folder:
            shutil.copytree(SERVERS_FILES, folder, dirs_exist_ok=True)
            shutil.copy(SERVERS_LOCK, folder)
            shutil.copy(uv_binary(), folder / "uv")
            if bundle := trust.bundle():
                shutil.copy(bundle, folder / "ca.crt")
            stamp = fingerprint.of({"content": fingerprint.tree(folder), "base": root})
            name = f"falapp/servers:{stamp}"
            found = self._published(name) or ""
            if found or not wanted:
                return {"servers": found}
            try:
                with self.run.progress.step("servers", "building and pushing the tests' image"):
                    args = {"BASE": root}
                    docker.build(self.run, folder, name, stamp=stamp, log="servers", args=args)
                    return {"servers": self._push(name)}
            except ClusterError as error:
                return {"servers": error}

    def _own(self, recipe: str, repository: str, minor: str) -> str:
        dockerfile = ROOT / "operator" / "images" / f"{recipe}.Dockerfile"
        if not dockerfile.exists():
            raise ClusterError(f"{dockerfile} is missing; the {recipe} image is built from it")
        root = base.image(self.run, minor, self.way)
        args = {"BASE": root, "PYTHON_VERSION": minor}
        with self.run.cache.scratch(repository) as folder:
            content = context.assemble(ROOT, dockerfile, uv_binary(), trust.bundle(), folder)
            stamp = fingerprint.of({"content": content, "args": args})
            name = f"falapp/{repository}:{stamp}"
            found = self._published(name)
            if found:
                return found
            with self.run.progress.step(repository, "building and pushing our image"):
                log = f"image-{repository}"
                docker.build(self.run, folder, name, stamp=stamp, log=log, args=args)
                return self._push(name)

    def _pulled_kaniko(self) -> str:
        name = f"falapp/kaniko:{versions.KANIKO}"
        found = self._published(name)
        if found:
            return found
        with self.run.progress.step("kaniko", f"pulling {versions.KANIKO_IMAGE}"):
            self.run.call(["docker", "pull", versions.KANIKO_IMAGE], log="kaniko", timeout=900)
            self.run.call(["docker", "tag", versions.KANIKO_IMAGE, name], log="kaniko")
            return self._push(name)

    def _published(self, name: str) -> str | None:
        repository, _, tag = name.partition(":")
        digest = self.registry.digest(repository, tag)
        return f"{self.registry.pulled}/{repository}@{digest}" if digest else None

    def _as_oci(self, name: str) -> str:
        """Push a local image as Docker Hub would have it; as Docker has it where we cannot."""
        pushed, oci_name = self._push(name), f"{name}-oci"
        found = self._published(oci_name)
        if found or not self.registry.readable:
            return found or pushed
        repository, _, tag = name.partition(":")
        digest = oci.convert(self.registry.pushed, repository, tag, f"{tag}-oci")
        return f"{self.registry.pulled}/{repository}@{digest}"

    def _push(self, name: str) -> str:
        """Push a local image under its own name; give its pinned name in the cluster."""
        found = self._published(name)
        if found:
            return found
        remote = f"{self.registry.pushed}/{name}"
        self.run.call(["docker", "tag", name, remote], log="push")
        self.run.call(["docker", "push", remote], log="push", timeout=900)
        repository = name.partition(":")[0]
        digest = pushed_digest(
            docker.inspect(self.run, "image", remote) or {}, f"{self.registry.pushed}/{repository}"
        )
        self.run.call(["docker", "rmi", remote], log="push")  # the name only
        return f"{self.registry.pulled}/{repository}@{digest}"


def own_images() -> list[tuple[str, str, str]]:
    """Say what is built here: Dockerfile, repository, Python version."""
    first = versions.PYTHON_MINORS[0]
    runtimes = [("runtime", f"runtime-{minor}", minor) for minor in versions.PYTHON_MINORS]
    return [("operator", "operator", first), ("builder", "builder", first), *runtimes]


def series(name: str) -> str:
    """Say which images a newer one of this name replaces; each Python has a base of its own."""
    repository = name.rpartition(":")[0]
    return name.rpartition("-")[0] if repository == base.REPOSITORY else repository


def gather(own: Mapping[str, str | ClusterError], bases: Mapping[str, str], kaniko: str) -> Images:
    """Put the published images under the names that their users know; a failed one is empty."""
    names = {key: value if isinstance(value, str) else "" for key, value in own.items()}
    return Images(
        operator=names["operator"],
        builder=names["builder"],
        runtime={minor: names[f"runtime-{minor}"] for minor in versions.PYTHON_MINORS},
        base=dict(bases),
        kaniko=kaniko,
        servers=names["servers"],
    )


def pushed_digest(image: Mapping[str, object], repository: str) -> str:
    """Find the digest that a registry gave to an image, in what Docker knows of the image."""
    names = image.get("RepoDigests") or []
    for name in names if isinstance(names, list) else []:
        where, _, digest = str(name).partition("@")
        if where == repository:
            return digest
    raise ClusterError(f"{repository}: Docker pushed the image but knows no digest of it")


def uv_binary() -> Path:
    """Return the uv of this project's environment, which our images are built with."""
    try:
        import uv  # only this part of the tool needs more than Python itself
    except ImportError:
        raise ClusterError(
            "the Python that runs this tool has no uv package; "
            "run it from the project's environment (.venv/bin/python)"
        ) from None
    return Path(uv.find_uv_bin())

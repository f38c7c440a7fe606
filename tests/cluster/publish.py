"""Builds falapp's own images and pushes them where a cluster of yours pulls from: `make images`.

Docker builds for this machine's architecture, and pushes with the login that it has.
"""

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.cluster import context, images, trust, versions
from tests.cluster.errors import ClusterError

FIRST = versions.PYTHON_MINORS[0]
"""The Python of the operator and of the builder."""


def own(bases: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield what is built with these base images: Dockerfile, repository, Python version."""
    for recipe, repository, minor in images.own_images():
        if minor in bases:
            yield recipe, repository, minor


def flags(pushed: Mapping[str, str], bases: Mapping[str, str]) -> list[str]:
    """Return what tells the chart of these images, by their repositories."""
    values = [f"images.{name}={pushed[name]}" for name in ("operator", "builder")]
    for minor, base in bases.items():
        where = f"images.pythons.{minor.replace('.', chr(92) + '.')}"
        values += [f"{where}.base={base}", f"{where}.runtime={pushed[f'runtime-{minor}']}"]
    return [f"--set={value}" for value in values]


def build(registry: str, tag: str, bases: Mapping[str, str]) -> dict[str, str]:
    """Build and push everything; return the images by their repositories, with their digests."""
    pushed = {}
    for recipe, repository, minor in own(bases):
        name = f"{registry}/{repository}"
        dockerfile = images.ROOT / "operator" / "images" / f"{recipe}.Dockerfile"
        given = {"BASE": bases[minor], "PYTHON_VERSION": minor}
        with tempfile.TemporaryDirectory(prefix="falapp-images-") as made:
            folder = Path(made)
            context.assemble(images.ROOT, dockerfile, images.uv_binary(), trust.bundle(), folder)
            args = [word for k, v in given.items() for word in ("--build-arg", f"{k}={v}")]
            _docker("build", "--tag", f"{name}:{tag}", *args, made)
        _docker("push", f"{name}:{tag}")
        told = subprocess.run(
            ["docker", "image", "inspect", f"{name}:{tag}"], capture_output=True, check=True
        )
        pushed[repository] = f"{name}@{images.pushed_digest(json.loads(told.stdout)[0], name)}"
    return pushed


def _docker(*words: str) -> None:
    print(f"$ {shlex.join(['docker', *words])}", file=sys.stderr, flush=True)
    try:
        # Its words go beside ours: what we print is for a shell.
        subprocess.run(["docker", *words], stdout=sys.stderr, check=True)
    except FileNotFoundError:
        raise ClusterError("docker: there is no such command here; install Docker") from None
    except subprocess.CalledProcessError as error:
        raise ClusterError(f"docker {words[0]} ended with {error.returncode}, see above") from None


def read(arguments: Sequence[str]) -> tuple[str, str, dict[str, str]]:
    """Return the registry, the tag and the base images that a command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.publish", description=__doc__)
    parser.add_argument("registry", help="what names begin with, as registry.example/falapp")
    parser.add_argument("--tag", help="the tag; the project's version if it is left out")
    parser.add_argument("bases", nargs="*", metavar="PYTHON=IMAGE", help="base images by Python")
    given = parser.parse_intermixed_args(arguments)
    bases = {FIRST: versions.python_image(FIRST)}
    for each in given.bases:
        minor, _, image = each.partition("=")
        if minor not in versions.PYTHONS or not image:
            known = " or ".join(versions.PYTHONS)
            parser.error(f"{each}: write a base image as PYTHON=IMAGE; Python is {known}")
        bases[minor] = image
    project = tomllib.loads((images.ROOT / "pyproject.toml").read_text())["project"]
    return given.registry.rstrip("/"), given.tag or project["version"], bases


def main() -> int:
    """Do what the command line says; give the exit code."""
    registry, tag, bases = read(sys.argv[1:])
    try:
        pushed = build(registry, tag, bases)
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(" \\\n".join(shlex.quote(flag) for flag in flags(pushed, bases)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

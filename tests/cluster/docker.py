"""The questions we ask Docker's client, and the things we have it do."""

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.cluster.errors import CommandError
from tests.cluster.run import Run

LABEL = "dev.falapp.fingerprint"
"""On everything that this tool makes in Docker; its value says what the thing was made from."""

OURS = re.compile(r"(127\.0\.0\.1:\d+/)?falapp/[^:]+:[^<]")
"""Names of the images that this tool makes; nobody else's begin so."""

CLASSIC = {"DOCKER_BUILDKIT": "0"}
"""Debian's Docker comes without buildx, so images are built with the classic builder."""


def answers(run: Run) -> bool:
    """Tell whether a Docker daemon answers."""
    return run.ask(["docker", "version", "--format", "{{.Server.Version}}"], timeout=15) is not None


def inspect(run: Run, kind: str, name: str) -> dict[str, Any] | None:
    """Give what Docker knows of a container, image, network or volume, or None."""
    text = run.ask(["docker", kind, "inspect", name])
    found: list[dict[str, Any]] = json.loads(text) if text else []
    return found[0] if found else None


def label(thing: dict[str, Any] | None) -> str | None:
    """Give our fingerprint on an inspected thing."""
    if thing is None:
        return None
    config = thing.get("Config") or thing
    found: str | None = (config.get("Labels") or {}).get(LABEL)
    return found


def build(
    run: Run,
    folder: Path,
    tag: str,
    *,
    stamp: str,
    log: str,
    args: Mapping[str, str] | None = None,
) -> None:
    """Build an image from a folder that holds its Dockerfile."""
    argv: list[str] = ["docker", "build", "--tag", tag, "--label", f"{LABEL}={stamp}"]
    for key, value in (args or {}).items():
        argv += ["--build-arg", f"{key}={value}"]
    run.call([*argv, str(folder)], log=log, env=CLASSIC, timeout=1800)


def ours(run: Run) -> list[str]:
    """List the images that carry our names, newest first."""
    names = run.read(["docker", "images", "--format", "{{.Repository}}:{{.Tag}}"]).split()
    return [name for name in names if OURS.match(name)]


def dangling(run: Run) -> list[str]:
    """List nameless images that were begun from one of ours: steps of a build that failed."""
    argv = ["docker", "images", "--quiet", "--filter", "dangling=true"]
    return run.read([*argv, "--filter", f"label={LABEL}"]).split()


def prune(run: Run, age: str = "2h") -> None:
    """Drop such images once no build of today would take its steps from them."""
    argv = ["docker", "image", "prune", "--force", "--filter", f"label={LABEL}"]
    run.ask([*argv, "--filter", f"until={age}"], timeout=120)


def containers(run: Run, *labels: str) -> list[str]:
    """List containers, running or not, that carry all of these labels."""
    argv = ["docker", "ps", "--all", "--format", "{{.Names}}"]
    for each in labels:
        argv += ["--filter", f"label={each}"]
    return run.read(argv).split()


def pulls(run: Run, image: str, patience: float = 20, most: float = 1200) -> bool:
    """Pull an image; tell whether that worked.

    A registry that is out of reach may take minutes to say so. One that is there names the
    image at once, and then may take its time.
    """
    log = run.cache.logs / "pull.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    began = time.monotonic()

    def given_up() -> bool:
        spent = time.monotonic() - began
        silent = not log.exists() or b"Pulling from" not in log.read_bytes()
        return spent > most or (silent and spent > patience)

    try:
        run.call(["docker", "pull", image], log="pull", timeout=most, given_up=given_up)
    except CommandError:
        return False
    return True

"""Packages as resolve finds them, made on the spot."""

import hashlib
from pathlib import Path
from typing import Any

from falapp_builder.plan.wheels import Choice
from falapp_builder.pod.packages import File, Package

MIB = 1 << 20


def file(name: str, **changes: Any) -> File:
    """A file whose digest follows from its name."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    known = {"url": f"https://files.example/{name}", "size": 1000, "sha256": digest}
    return File(**({"name": name} | known | changes))


def package(name: str, *files: File, **changes: Any) -> Package:
    """A package of version 1.0."""
    return Package(**({"name": name, "version": "1.0", "kind": "wheel", "files": files} | changes))


def choice(name: str, mib: float = 0.1, **changes: Any) -> Choice:
    """A package with a wheel of a size."""
    wheel = file(f"{name.replace('-', '_')}-1.0-py3-none-any.whl", size=int(mib * MIB))
    return Choice(package=package(name, wheel, **changes), kind="wheel", file=wheel)


def source(name: str, **changes: Any) -> Choice:
    """A package that must be built."""
    archive = file(f"{name}-1.0.tar.gz")
    found = package(name, archive, kind="sdist", **changes)
    return Choice(package=found, kind="sdist", file=archive)


def packages(environment: Path) -> Path:
    """The folder of an environment's packages."""
    (found,) = environment.glob("lib/python*/site-packages")
    return found

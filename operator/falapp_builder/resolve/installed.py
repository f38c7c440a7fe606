"""What the base image has installed: it is kept where it will do, as pip keeps it."""

import json
import subprocess
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.resolve import tags
from falapp_requirements.tokens import normalised

_WHEEL = "Wheel-Version: 1.0\nGenerator: falapp\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_PATH = "import json, sys; print(json.dumps(sys.path))"


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A package of the base image."""

    name: str
    """Its name as its metadata has it."""
    version: str
    """Its version."""
    metadata: tuple[str, ...] = ()
    """What it needs and offers, as lines of a METADATA file."""


def found(python: Path) -> dict[str, Installed]:
    """Return what an environment of the base's Python sees, by normalised name.

    Raises:
        Failure: That Python does not run.
    """
    try:
        command = [str(python), "-I", "-c", _PATH]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        message = f"the base image's Python makes no usable venv ({type(error).__name__})"
        raise Failure(Reason.BASE_IMAGE_UNUSABLE, f"{message}: take another image") from error
    known: dict[str, Installed] = {}
    for each in distributions(path=json.loads(done.stdout)):
        if package := _installed(each):
            known.setdefault(normalised(package.name), package)
    return known


def wheels(packages: Iterable[Installed], folder: Path) -> None:
    """Write wheels that hold nothing but metadata: so uv sees what is installed."""
    folder.mkdir()
    for package in packages:
        stem = f"{normalised(package.name).replace('-', '_')}-{package.version.replace('-', '_')}"
        with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{stem}.dist-info/METADATA", metadata(package))
            wheel.writestr(f"{stem}.dist-info/WHEEL", _WHEEL)
            wheel.writestr(f"{stem}.dist-info/RECORD", "")


def pretend(packages: Mapping[str, Installed], site: Path, origins: Mapping[str, str]) -> None:
    """Make pip believe that packages are in a folder: it looks at their metadata only.

    Args:
        packages: The packages by normalised name.
        site: The folder.
        origins: The content of direct_url.json of those that came from an address.
    """
    for name, package in packages.items():
        info = site / f"{name.replace('-', '_')}-{package.version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(metadata(package), encoding="utf-8")
        (info / "RECORD").write_text("", encoding="utf-8")
        if name in origins:
            (info / "direct_url.json").write_text(origins[name], encoding="utf-8")


def metadata(package: Installed) -> str:
    """Return a METADATA file."""
    head = ("Metadata-Version: 2.1", f"Name: {package.name}", f"Version: {package.version}")
    return "".join(f"{line}\n" for line in (*head, *package.metadata))


def _installed(each: Distribution) -> Installed | None:
    name, version = each.metadata["Name"], each.metadata["Version"]
    # A leftover of an uninstalled package, or something of before PEP 440: pip warns, uv fails.
    if not name or not _valid("version", "Version", version):
        return None
    needs = (" ".join(need.split()) for need in each.requires or ())
    lines = [f"Requires-Dist: {n}" for n in needs if _valid("requirements", "Requirement", n)]
    lines += [f"Provides-Extra: {x}" for x in each.metadata.get_all("Provides-Extra") or ()]
    return Installed(name=name, version=version, metadata=tuple(lines))


def _valid(module: str, kind: str, text: str | None) -> bool:
    try:
        getattr(tags.packaging(module), kind)(text or "")
    except ValueError:
        return False
    return True

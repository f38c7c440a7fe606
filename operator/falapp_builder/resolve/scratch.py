"""A venv for one layer's resolution: what a build without isolation sees, and what pip keeps."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.programs import pip, uv
from falapp_builder.programs.diagnosis import diagnosed
from falapp_builder.programs.tool import Workshop
from falapp_builder.resolve import installed, tags
from falapp_builder.resolve.installed import Installed
from falapp_builder.resolve.lock import File, Package
from falapp_requirements.redact import Redactor
from falapp_requirements.tokens import Arguments


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What the resolution of one layer works with."""

    place: Workshop
    """Where installers run."""
    redact: Redactor
    """What hides credentials."""
    python: Path
    """The interpreter of a venv of the base's Python."""
    site: Path
    """The folder of that venv's packages."""
    pytorch: str = ""
    """The index that packages of the PyTorch family come from, where the profile decides that."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer that is resolved."""

    arguments: Arguments
    """What was asked for."""
    packages: tuple[Package, ...]
    """What was chosen."""


def make(place: Workshop, redact: Redactor, pytorch: str = "") -> Bench:
    """Make an empty venv that sees the base image's packages; it replaces an earlier one.

    Args:
        place: Where installers run.
        redact: What hides credentials.
        pytorch: The index of the PyTorch family, if the profile's counts.

    Raises:
        Failure: The base image's Python cannot.
    """
    folder = place.folder / "venv"
    try:
        import venv  # some distributions leave it out

        venv.create(folder, symlinks=True, system_site_packages=True, clear=True)
    except (ImportError, OSError) as error:
        message = f"the base image's Python cannot make a venv ({type(error).__name__})"
        way_out = "take an image with all of the standard library"
        raise Failure(Reason.BASE_IMAGE_UNUSABLE, f"{message}: {way_out}") from error
    (site,) = folder.glob("lib/python*/site-packages")
    python = folder / "bin" / "python"
    return Bench(place=place, redact=redact, python=python, site=site, pytorch=pytorch)


def pretend(bench: Bench, packages: Iterable[Package]) -> None:
    """Make pip believe that packages are installed."""
    known = {
        p.name: Installed(name=p.name, version=p.version, metadata=p.metadata) for p in packages
    }
    origins = {p.name: json.dumps(_origin(p)) for p in packages if p.direct}
    installed.pretend(known, bench.site, origins)


def fill(bench: Bench, layers: Iterable[Layer], resolver: str) -> None:
    """Install layers for real: what is built without isolation must be able to import them.

    Raises:
        Failure: A package cannot be installed.
    """
    ranking = tags.supported()
    for layer in layers:
        text = "".join(f"{p.name} @ {_source(p, ranking)}\n" for p in layer.packages)
        (bench.place.folder / "fill.txt").write_text(text, encoding="utf-8")
        code, said = _installed(bench, layer.arguments, resolver)
        if code:
            raise diagnosed(said, layer.arguments, Reason.INSTALL_FAILED)


def _installed(bench: Bench, arguments: Arguments, resolver: str) -> tuple[int, str]:
    isolation = [] if arguments.isolated else ["--no-build-isolation"]
    command = [*isolation, "--no-deps", "--requirement", "fill.txt"]
    if resolver == "pip":
        command = ["install", "--no-compile", "--no-warn-script-location", *command]
        variables = pip.variables(arguments.options)
        return pip.run(bench.place, bench.python, command, variables, bench.redact)
    command = ["pip", "install", "--quiet", "--python", str(bench.python), *command]
    return uv.run(bench.place, command, arguments.options.variables, bench.redact)


def _source(package: Package, ranking: Iterable[str]) -> str:
    """Return the address of a package's best file, which pip and uv accept as a requirement."""
    if package.direct:
        return package.address
    sources = (file for file in package.files if not file.name.endswith(".whl"))
    best: File = next(iter([*tags.fitting(package.files, ranking), *sources]))
    return f"{best.url}#sha256={best.sha256}" if best.sha256 else best.url


def _origin(package: Package) -> Mapping[str, object]:
    folder = {"subdirectory": package.subdirectory} if package.subdirectory else {}
    if package.repository:
        vcs = {"vcs": "git", "commit_id": package.commit, "requested_revision": package.commit}
        return {"url": package.repository, "vcs_info": vcs, **folder}
    return {"url": package.files[0].url, "archive_info": {}, **folder}

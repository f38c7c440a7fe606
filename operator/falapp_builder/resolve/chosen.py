"""From what an installer locked to what a build does with it: kinds, files, and their hashes."""

from collections.abc import Iterable
from dataclasses import replace

from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.packages import File as Written
from falapp_builder.pod.packages import Git
from falapp_builder.pod.packages import Package as Resolved
from falapp_builder.resolve import tags
from falapp_builder.resolve.lock import File, Package
from falapp_builder.resolve.origins import Origins
from falapp_requirements.redact import Redactor
from falapp_requirements.tokens import Arguments, Requirement


def resolved(
    packages: Iterable[Package], origins: Origins, ranking: tuple[str, ...], layer: int
) -> tuple[Resolved, ...]:
    """Return a layer's packages as later steps read them, without anything secret.

    Raises:
        Failure: A package has no file that fits.
    """
    return tuple(_package(p, origins, ranking, layer) for p in packages)


def verified(
    packages: Iterable[Package], arguments: Arguments, origins: Origins
) -> tuple[Package, ...]:
    """Leave out files without a hash that the user gave.

    Raises:
        Failure: No file of a package has one.
    """
    return tuple(_verified(package, arguments, origins) for package in packages)


def _package(package: Package, origins: Origins, ranking: tuple[str, ...], layer: int) -> Resolved:
    asked = origins.asked(package)
    kind, files = _kind(package, ranking)
    git = None
    if package.repository:
        git = Git(url=origins.download(package.repository, asked), commit=package.commit)
    source = package.repository or (package.files[0].url if package.direct else "")
    return Resolved(
        name=package.name,
        version=package.version,
        kind=kind,
        files=tuple(_written(file, package, origins, asked) for file in files),
        git=git,
        subdirectory=package.subdirectory,
        url=origins.shown(source, asked) if source else "",
        layer=layer,
        secret=origins.secret(package, asked),
    )


def _kind(package: Package, ranking: tuple[str, ...]) -> tuple[str, tuple[File, ...]]:
    if package.repository:
        return "git", ()
    wheels = tags.fitting(package.files, ranking)
    sources = tuple(file for file in package.files if not file.name.endswith(".whl"))
    if wheels:
        return "wheel", (*wheels, *sources)
    if sources:
        return "archive" if package.direct else "sdist", sources
    names = ", ".join(file.name for file in package.files[:3]) or "nothing"
    message = (
        f"{package.name}=={package.version} has no wheel for this Python and platform, only"
        f" {names}; ask for another version, or change pythonVersion"
    )
    raise Failure(Reason.NO_MATCHING_WHEEL, message)


def _verified(package: Package, arguments: Arguments, origins: Origins) -> Package:
    direct = origins.asked(package)
    asked = [r for r in arguments.requirements if r is direct or r.name == package.name]
    given = {h.removeprefix("sha256:") for r in asked for h in r.hashes}
    if not given or not package.files:
        return package
    known = tuple(file for file in package.files if file.sha256 in given)
    unknown = tuple(file for file in package.files if not file.sha256)
    if len(given) == 1:  # who downloads it verifies it
        unknown = tuple(replace(file, sha256=next(iter(given))) for file in unknown)
    if found := known or unknown:
        return replace(package, files=found)
    written = next(r.written for r in asked if r.hashes)
    shown = Redactor([written])(written)
    message = (
        f"requirement `{shown}`: no file of {package.name}=={package.version} has the hash"
        " that is given (hash mismatch); do not use it before its owner explains that"
    )
    raise Failure(Reason.HASH_MISMATCH, message)


def _written(file: File, package: Package, origins: Origins, asked: Requirement | None) -> Written:
    url = origins.download(file.url, asked) if package.direct else origins.link(file.url)
    return Written(url=url, name=file.name, size=file.size, sha256=file.sha256)

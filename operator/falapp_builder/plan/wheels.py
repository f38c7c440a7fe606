"""Which file of a package is installed: the wheel that fits the base's Python best."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion

from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.packages import File, Package, Resolved

SOURCES = frozenset({"sdist", "git", "archive"})
"""Kinds of packages that run code of theirs when they are installed."""

_SHOWN = 4


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A package, and what of it is installed."""

    package: Package
    """The package."""
    kind: str
    """wheel, sdist, git or archive."""
    file: File | None
    """The file; none is needed of what comes from git."""

    @property
    def name(self) -> str:
        """The package's normalised name."""
        return self.package.name

    @property
    def built(self) -> bool:
        """Whether it must be built, which runs code of the package."""
        return self.kind in SOURCES


def chosen(resolved: Resolved) -> tuple[Choice, ...]:
    """Return the choice for every package, in the order of names.

    Raises:
        Failure: A package has no file that this Python can use.
    """
    ranks = {tag: rank for rank, tag in reversed(list(enumerate(resolved.tags)))}
    in_order = sorted(resolved.packages, key=lambda package: package.name)
    return tuple(_choice(package, ranks) for package in in_order)


def _choice(package: Package, ranks: Mapping[str, int]) -> Choice:
    if package.kind == "git":
        return Choice(package=package, kind="git", file=None)
    wheels = [file for file in package.files if file.name.endswith(".whl")]
    if best := _best(wheels, ranks):
        return Choice(package=package, kind="wheel", file=best)
    sources = [file for file in package.files if not file.name.endswith(".whl")]
    if not sources:
        raise _unusable(package, wheels)
    kind = package.kind if package.kind in SOURCES else "sdist"
    return Choice(package=package, kind=kind, file=sources[0])


def _best(files: Iterable[File], ranks: Mapping[str, int]) -> File | None:
    """Return the file with the best tag; of equals the one with the highest build number."""
    rated: list[tuple[int, tuple[int, str], str, File]] = []
    for file in files:
        try:
            _, _, build, tags = parse_wheel_filename(file.name)
        except (InvalidWheelFilename, InvalidVersion):
            continue
        fitting = [ranks[str(tag)] for tag in tags if str(tag) in ranks]
        if fitting:
            rated.append((-min(fitting), build or (-1, ""), file.name, file))
    return max(rated, key=lambda entry: entry[:3])[3] if rated else None


def _unusable(package: Package, files: list[File]) -> Failure:
    what = f"{package.name}=={package.version}" if package.version else package.name
    made = sorted({"-".join(f.name.removesuffix(".whl").split("-")[-3:]) for f in files})
    shown = ", ".join(made[:_SHOWN]) + (f" and {len(made) - _SHOWN} more" if made[_SHOWN:] else "")
    message = (
        f"{what} has no wheel for this Python and platform and no source distribution, only files"
        f" for {shown or 'nothing'}; ask for another version, or change pythonVersion"
    )
    return Failure(Reason.NO_MATCHING_WHEEL, message)

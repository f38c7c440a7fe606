"""Packages that must be built, which runs code of theirs: from git at a commit, and from archives.

They are built in a container of their own, after the wheels. Nothing that they could change there
is used for anybody else.
"""

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from falapp_builder.install import installer
from falapp_builder.install.stage import Stage
from falapp_builder.pod import values
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from falapp_builder.pod.recipe import Item, Recipe
from falapp_builder.programs import git
from falapp_builder.programs.diagnosis import diagnosed
from falapp_builder.programs.tool import Workshop
from falapp_requirements import tokens, variables
from falapp_requirements.errors import RequirementError
from falapp_requirements.redact import Redactor
from falapp_requirements.tokens import Arguments
from falapp_requirements.urls import VARIABLE


@dataclass(frozen=True, kw_only=True)
class _Site:
    """Where sources are built, and what is known there."""

    place: Workshop
    staged: Stage
    secret: Mapping[str, str]
    redact: Redactor


def parts(recipe: Recipe) -> tuple[Recipe, ...]:
    """Return the packages of each requirement layer by themselves, in order.

    What is built without isolation is to see what earlier layers installed.
    """
    layers = sorted({item.layer for item in recipe.packages})
    items = [tuple(i for i in recipe.packages if i.layer == layer) for layer in layers]
    return tuple(replace(recipe, packages=packages) for packages in items)


def install(place: Workshop, staged: Stage, recipe: Recipe, places: Places) -> None:
    """Build the sources of one requirement layer and install them into the stage.

    Raises:
        Failure: One cannot be fetched or built.
    """
    secret = values.read(places, recipe.variables)
    redact = Redactor(values=secret.values())
    site = _Site(place=place, staged=staged, secret=secret, redact=redact)
    given = _given(recipe, secret)
    code, said = installer.sources(
        place,
        staged,
        installer.Building(
            resolver=recipe.resolver,
            folders={item.name: _fetched(site, item) for item in recipe.packages},
            options=given.options,
            versions=_versions(recipe.packages),
            own=None if given.isolated else places.environment / "bin" / "python",
        ),
        redact,
    )
    if code:
        raise diagnosed(said, asked(recipe.packages), Reason.COMPILE_FAILED)


def asked(items: Iterable[Item]) -> Arguments:
    """Return packages as if they had been asked for, so that a failure can name them."""
    return tokens.parse(f"{i.name}=={i.version}" if i.version else i.name for i in items)


def _given(recipe: Recipe, secret: Mapping[str, str]) -> Arguments:
    """Return the options of the requirement layer that all packages are of."""
    try:
        given = tokens.parse(recipe.options.get(str(recipe.packages[0].layer), ()))
        return variables.expanded(given, secret)
    except RequirementError as error:
        raise Failure(Reason.INVALID_REQUIREMENT, str(error)) from None


def _fetched(site: _Site, item: Item) -> Path:
    """Return the archive or the folder of a package."""
    folder = site.staged.folder / "sources" / item.name
    if item.commit:
        repository = VARIABLE.sub(lambda found: site.secret.get(found[1], ""), item.repository)
        if not repository.startswith(("https://", "http://")):
            message = f"{item.name}: the variable in its address holds none of git; give https://…"
            raise Failure(Reason.INVALID_REQUIREMENT, message)
        code, said = git.checkout(site.place, repository, item.commit, folder, site.redact)
        if code:
            wanted = tokens.parse([f"{item.name} @ git+{git.shown(repository)}"])
            raise diagnosed(said, wanted, Reason.PACKAGE_NOT_FOUND)
        return folder / item.subdirectory
    archive = Path(item.path)
    with archive.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != item.sha256:
            message = f"{archive.name} is not the file that the lock names (hash mismatch)"
            raise Failure(Reason.HASH_MISMATCH, f"{message}: build anew")
    return _unpacked(archive, folder, item) if item.subdirectory else archive


def _unpacked(archive: Path, folder: Path, item: Item) -> Path:
    """Return a folder of an archive; installers only know the archive's own."""
    try:
        shutil.unpack_archive(archive, folder)
    except (shutil.ReadError, ValueError) as error:
        message = f"{item.name}: {archive.name} cannot be unpacked; take another version"
        raise Failure(Reason.INSTALL_FAILED, message) from error
    (top, *others) = sorted(folder.iterdir()) or [folder]
    found = (folder if others else top) / item.subdirectory
    if not found.resolve().is_relative_to(folder.resolve()) or not found.is_dir():
        message = f"{item.name}: {archive.name} has no folder {item.subdirectory}"
        raise Failure(Reason.INVALID_REQUIREMENT, f"{message}; check subdirectory=")
    return found


def _versions(items: Iterable[Item]) -> dict[str, str]:
    """Return what tells setuptools-scm a version that it would read from tags.

    A checkout of one commit has none, and the lock knows the version.
    """
    known = (item for item in items if item.commit and item.version)
    prefix = "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_"
    return {prefix + item.name.upper().replace("-", "_"): item.version for item in known}

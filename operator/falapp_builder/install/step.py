"""The work of a RUN in Kaniko's containers: groups of packages become files in the venv.

Everything that it needs is below /kaniko, which snapshots leave out, and everything that it leaves
is in the venv: a layer of the image is the packages of a group and nothing else.
"""

import sys

from falapp_builder.install import installer, sources
from falapp_builder.install import stage as staging
from falapp_builder.install.stage import Stage
from falapp_builder.pod import recipe, report
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import IN_POD, Places
from falapp_builder.pod.recipe import Recipe
from falapp_builder.programs import tool
from falapp_builder.programs.diagnosis import diagnosed
from falapp_builder.programs.tool import Workshop


def main() -> None:
    """Install the groups that the arguments name, or report why not."""
    sys.exit(report.guarded(lambda: install_all(IN_POD, sys.argv[1:]), IN_POD.termination))


def install_all(places: Places, identities: list[str]) -> None:
    """Install groups one after the other.

    Raises:
        Failure: One cannot be installed.
    """
    if not identities:
        message = "install.py needs the names of groups: the steps of the build differ"
        raise Failure(Reason.BUILD_FAILED, message)
    for identity in identities:
        install(places, recipe.read(places.group(identity)))


def install(places: Places, group: Recipe) -> None:
    """Install a group into the venv.

    Raises:
        Failure: A package of it cannot be installed.
    """
    for part in sources.parts(group) if group.kind == "sources" else (group,):
        with staging.stage(places) as staged, tool.workshop(places, staged.folder) as place:
            if group.kind == "sources":
                sources.install(place, staged, part, places)
            else:
                _wheels(place, staged, part)
            staging.finish(staged, places, part.packages)
    known = report.counted(len(group.packages), "package")
    print(f"falapp: group {group.id}: {known}", flush=True)


def _wheels(place: Workshop, staged: Stage, group: Recipe) -> None:
    code, said = installer.wheels(place, staged, group.resolver, group.packages)
    if code:
        raise diagnosed(said, sources.asked(group.packages), Reason.INSTALL_FAILED)

"""The first step of a build pod: pip arguments become packages, once for all later steps.

It runs in the base image, so that versions, markers and tags are those of the Python that will
import the packages.
"""

import sys
from collections.abc import Mapping

from falapp_builder.pod import packages, report, request, values
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.packages import Package
from falapp_builder.pod.places import IN_POD, Places
from falapp_builder.pod.request import Request
from falapp_builder.programs import tool
from falapp_builder.programs.tool import Workshop
from falapp_builder.resolve import chosen, family, installed, lock, piplock, scratch, tags, uvlock
from falapp_builder.resolve.installed import Installed
from falapp_builder.resolve.origins import Origins
from falapp_builder.resolve.scratch import Layer
from falapp_requirements import tokens, variables
from falapp_requirements.errors import RequirementError
from falapp_requirements.redact import Redactor
from falapp_requirements.tokens import Arguments


def main() -> None:
    """Resolve what the request asks for, or report why not."""
    sys.exit(report.guarded(lambda: resolve(IN_POD), IN_POD.termination))


def resolve(places: Places) -> None:
    """Write down what all layers have together.

    Raises:
        Failure: A layer has no lock.
    """
    asked = request.read(places.request)
    _check_python(asked.python_version)
    secret = values.read(places, asked.variables)
    layers = [_parsed(asked, number, secret) for number in range(len(asked.layers))]
    redact = Redactor((t for layer in asked.layers for t in layer), secret.values())
    ranking = tags.supported()
    places.locks.mkdir(parents=True, exist_ok=True)
    done: list[Layer] = []
    found: dict[str, Package] = {}
    with tool.workshop(places) as place:
        base: Mapping[str, Installed] = {}
        for number, arguments in enumerate(layers):
            if not done:
                base = installed.found(scratch.make(place, redact).python)
            chose = _locked(place, redact, asked, arguments, done, base)
            origins = Origins(arguments, secret)
            chose = chosen.verified(chose, arguments, origins)
            done.append(Layer(arguments=arguments, packages=chose))
            plain = chosen.resolved(chose, origins, ranking, number)
            known = report.counted(len(plain), "package")
            print(f"falapp: layer {number}: {known}", flush=True)
            found |= {package.name: package for package in plain}
    places.resolved.write_text(packages.document(found.values(), ranking), encoding="utf-8")


def _check_python(wanted: str) -> None:
    found = f"{sys.version_info.major}.{sys.version_info.minor}"
    if found != wanted:
        message = f"the base image has Python {found}, and Python {wanted} is asked for"
        way_out = "correct pythonVersion, or take another image"
        raise Failure(Reason.BASE_IMAGE_UNUSABLE, f"{message}: {way_out}")


def _parsed(asked: Request, number: int, secret: Mapping[str, str]) -> Arguments:
    try:
        return variables.expanded(tokens.parse(asked.layers[number]), secret)
    except RequirementError as error:
        where = f"layer {number}: " if len(asked.layers) > 1 else ""
        raise Failure(Reason.INVALID_REQUIREMENT, f"{where}{error}") from None


def _locked(
    place: Workshop,
    redact: Redactor,
    asked: Request,
    arguments: Arguments,
    done: list[Layer],
    base: Mapping[str, Installed],
) -> tuple[lock.Package, ...]:
    """Resolve one layer; earlier packages stay as they are where the layer allows it."""
    pytorch = family.index(asked.pytorch_index, arguments, (layer.arguments for layer in done))
    bench = scratch.make(place, redact, pytorch)
    filled = bool(done) and not arguments.isolated
    if filled:
        scratch.fill(bench, done, asked.resolver)
    try:
        if asked.resolver == "pip":
            earlier = lock.merged(layer.packages for layer in done)
            return piplock.locked(bench, arguments, earlier, filled=filled)
        return uvlock.locked(bench, arguments, done, base)
    except Failure as failure:
        raise family.explained(failure, pytorch) from failure

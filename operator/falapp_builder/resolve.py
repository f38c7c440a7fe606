"""The first step of a build pod: pip arguments become a lock, once for all later steps.

It runs in the base image, so that versions, markers and tags are those of the Python that will
import the packages.
"""

import sys
from pathlib import Path

from falapp_builder import lock, report, request, uv
from falapp_builder.diagnosis import diagnosed
from falapp_builder.failure import Failure, Reason
from falapp_builder.places import IN_POD, Places
from falapp_builder.uv import Workshop
from falapp_requirements import tokens
from falapp_requirements.errors import RequirementError
from falapp_requirements.redact import Redactor
from falapp_requirements.tokens import Arguments

_COMPILE = [
    *("pip", "compile", "--quiet", "--no-header"),
    *("--format", "pylock.toml", "--generate-hashes"),
]


def main() -> None:
    """Resolve what the request asks for, or report why not."""
    sys.exit(report.guarded(lambda: resolve(IN_POD), IN_POD.termination))


def resolve(places: Places) -> None:
    """Write the lock of every layer.

    Raises:
        Failure: A layer has no lock.
    """
    asked = request.read(places.request)
    _check_python(asked.python_version)
    layers = [_parsed(layer, number, asked) for number, layer in enumerate(asked.layers)]
    redact = Redactor(token for layer in asked.layers for token in layer)
    done: list[tuple[lock.Package, ...]] = []
    with uv.workshop(places) as place:
        for number, arguments in enumerate(layers):
            packages = _locked(place, arguments, lock.merged(done), redact)
            target = places.lock(number)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((place.folder / "pylock.toml").read_bytes())
            print(f"falapp: layer {number}: {len(packages)} packages", flush=True)
            done.append(packages)


def _check_python(wanted: str) -> None:
    found = f"{sys.version_info.major}.{sys.version_info.minor}"
    if found != wanted:
        message = f"the base image has Python {found}, and Python {wanted} is asked for"
        raise Failure(Reason.BUILD_FAILED, f"{message}: correct the operator's base images")


def _parsed(layer: tuple[str, ...], number: int, asked: request.Request) -> Arguments:
    try:
        return tokens.parse(layer)
    except RequirementError as error:
        where = f"layer {number}: " if len(asked.layers) > 1 else ""
        raise Failure(Reason.INVALID_REQUIREMENT, f"{where}{error}") from None


def _locked(
    place: Workshop, arguments: Arguments, earlier: dict[str, lock.Package], redact: Redactor
) -> tuple[lock.Package, ...]:
    """Resolve one layer; earlier packages stay as they are where the layer allows it."""
    output = place.folder / "pylock.toml"
    constraints = place.folder / "constraints.txt"
    named = {r.name for r in arguments.requirements}
    kept = lock.constraints(earlier.values(), named)
    constraints.write_text(kept, encoding="utf-8")
    (place.folder / "requirements.txt").write_text(arguments.text, encoding="utf-8")
    # Kept addresses may leave no solution; pip would replace those packages then, and so do we.
    attempts = [["--constraints", str(constraints)], []] if kept else [[]]
    said = ""
    for extra in attempts:
        output.write_text(lock.preferences(earlier.values()), encoding="utf-8")
        code, said = _compiled(place, arguments, output, extra, redact)
        if code == 0:
            return lock.read(output)
        if extra:
            print("falapp: once more, without keeping what earlier layers took from URLs")
    raise diagnosed(said, arguments, Reason.BUILD_FAILED)


def _compiled(
    place: Workshop, arguments: Arguments, output: Path, extra: list[str], redact: Redactor
) -> tuple[int, str]:
    command = [*_COMPILE, "--python", sys.executable, *arguments.options.arguments, *extra]
    command += ["--output-file", str(output), "requirements.txt"]
    return uv.run(place, command, arguments.options.variables, redact)

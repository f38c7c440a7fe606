"""The second step of a build pod, inside Kaniko's RUN: a layer's lock becomes files in the venv.

Everything that it needs is under /kaniko, which snapshots ignore, and everything that it leaves is
in the venv: so a layer of the image is the packages and nothing else.
"""

import sys

from falapp_builder import report, request, scrub, uv
from falapp_builder.diagnosis import diagnosed
from falapp_builder.failure import Failure, Reason
from falapp_builder.places import IN_POD, Places
from falapp_requirements import tokens
from falapp_requirements.redact import Redactor

_INSTALL = [
    *("pip", "install", "--no-deps"),
    *("--link-mode", "copy"),
    # With time stamps (uv's default), what earlier layers compiled is left alone.
    "--compile-bytecode",
]


def main() -> None:
    """Install the layer whose number is the only argument, or report why not."""
    sys.exit(report.guarded(lambda: install(IN_POD, _number(sys.argv[1:])), IN_POD.termination))


def install(places: Places, number: int) -> None:
    """Install a layer's lock into the venv.

    Raises:
        Failure: A package of the lock cannot be installed.
    """
    asked = request.read(places.request)
    if number >= len(asked.layers):
        message = f"there is no layer {number}: builder and operator differ"
        raise Failure(Reason.BUILD_FAILED, message)
    arguments = tokens.parse(asked.layers[number])
    redact = Redactor(token for layer in asked.layers for token in layer)
    python = places.environment / "bin" / "python"
    command = [*_INSTALL, "--python", str(python), *arguments.options.arguments]
    command += ["--requirements", str(places.lock(number))]
    with uv.workshop(places) as place:
        code, said = uv.run(place, command, arguments.options.variables, redact)
    if code:
        raise diagnosed(said, arguments, Reason.INSTALL_FAILED)
    scrub.scrub(places.environment)
    (places.environment / ".lock").unlink(missing_ok=True)  # uv's own, of no use in an image


def _number(arguments: list[str]) -> int:
    if len(arguments) != 1 or not arguments[0].isdecimal():
        message = "install.py needs the number of a layer: builder and operator differ"
        raise Failure(Reason.BUILD_FAILED, message)
    return int(arguments[0])

"""`falapp run`: the app of a file, on this machine."""

from collections.abc import Sequence

from falapp_cli.errors import InputError
from falapp_cli.local.run import Ports
from falapp_cli.local.run import run as run_locally
from falapp_cli.source import borrow
from falapp_cli.source.render import Wishes, render
from falapp_operator.api.falapp import FalAppSpec

__all__ = ["Ports", "run"]


def run(
    reference: str, ports: Ports, *, local: bool, install: bool, requirements: Sequence[str]
) -> int:
    """Run the app and return its exit code.

    Raises:
        InputError: The file cannot be used, or nothing says that it is to run here.
    """
    if not local:
        raise InputError(
            f"run: give --local to run {reference} on this machine; `falapp deploy {reference}` "
            "runs it in a cluster"
        )
    # A credential in a requirement is no trouble here: nothing of this ends in Git.
    with borrow.borrowed(requirements):
        made = render(reference, Wishes(keep=True))
    return run_locally(FalAppSpec.model_validate(made.app["spec"]), ports, install=install)

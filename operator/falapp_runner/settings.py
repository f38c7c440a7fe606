"""What a runner is told by its pod."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from falapp_runner import contract

DEFAULT_GRACE = "30"
"""Seconds, as Kubernetes has it."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one run needs to know."""

    entrypoint: str
    """The file and the class, as app.py::Hello."""
    grace: float
    """Seconds between SIGTERM and SIGKILL."""
    folder: Path
    """Where the app's files are."""
    runtime: Path
    """Where the runtime's packages are."""
    app_port: int = contract.APP_PORT
    """Where the app answers."""
    control_port: int = contract.CONTROL_PORT
    """Where the gate answers."""
    termination_log: str = contract.TERMINATION_LOG
    """Where a failure goes."""


def read(runtime: Path, arguments: Sequence[str], variables: Mapping[str, str]) -> Settings:
    """Return the settings from the contract's variables; the options are for a run by hand."""
    parser = argparse.ArgumentParser(prog="boot.py", description="Run one fal.App.")
    parser.add_argument("--app-port", type=int, default=contract.APP_PORT)
    parser.add_argument("--control-port", type=int, default=contract.CONTROL_PORT)
    parser.add_argument("--termination-log", default=contract.TERMINATION_LOG)
    given = parser.parse_args(arguments)
    if not variables.get(contract.ENTRYPOINT):
        parser.error(f"set {contract.ENTRYPOINT} to the file and the class, as app.py::Hello")
    grace = variables.get(contract.GRACE_SECONDS, DEFAULT_GRACE)
    try:
        seconds = float(grace)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        parser.error(f"{contract.GRACE_SECONDS}: {grace} is no number of seconds; give one, as 30")
    return Settings(
        entrypoint=variables[contract.ENTRYPOINT],
        grace=seconds,
        folder=Path.cwd(),
        runtime=runtime,
        app_port=given.app_port,
        control_port=given.control_port,
        termination_log=given.termination_log,
    )

"""What a runner is told by its pod."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from falapp_runner import contract


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one run needs to know."""

    entrypoint: str
    """The file and the class, as app.py::Hello."""
    folder: Path
    """Where the app's files are."""
    runtime: Path
    """Where the runtime's packages are."""
    grace: float | None = None
    """Seconds between SIGTERM and the end; None where the class says it."""
    startup: float | None = None
    """Seconds for importing the app and setup(); None where the class says it."""
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
    return Settings(
        entrypoint=variables[contract.ENTRYPOINT],
        grace=_seconds(variables, contract.GRACE_SECONDS, parser),
        startup=_seconds(variables, contract.STARTUP_TIMEOUT, parser),
        folder=Path.cwd(),
        runtime=runtime,
        app_port=given.app_port,
        control_port=given.control_port,
        termination_log=given.termination_log,
    )


def _seconds(
    variables: Mapping[str, str], name: str, parser: argparse.ArgumentParser
) -> float | None:
    text = variables.get(name)
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        parser.error(f"{name}: {text} is no number of seconds; give one, as 30")
    return seconds

"""An app on this machine, behind the same launcher and gate as in a pod."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from falapp_cli import report
from falapp_cli.errors import CliError, InputError
from falapp_cli.local import venv
from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.runner import pod
from falapp_runner import contract, port

_POLL = 0.1


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where an app answers on this machine."""

    app: int = contract.APP_PORT
    control: int = contract.CONTROL_PORT


def run(spec: FalAppSpec, ports: Ports, *, install: bool) -> int:
    """Run the app until it ends or is told to end, and return its exit code.

    Args:
        spec: The app's, with its files inline.
        ports: Where it answers.
        install: Whether it gets a venv of its own; otherwise it runs in this interpreter.

    Raises:
        InputError: A port is taken.
        CliError: Its environment cannot be made.
    """
    _refuse_taken(ports)
    python, boot = _interpreter(spec, install=install)
    with tempfile.TemporaryDirectory(prefix="falapp-") as folder:
        place = Path(folder)
        app, log = place / "app", place / "termination-log"
        app.mkdir()
        for name, text in (spec.source.inline or {}).items():
            (app / name).write_text(text, encoding="utf-8")
        process = subprocess.Popen(
            _command(python, boot, ports, log), cwd=app, env=_variables(spec), process_group=0
        )
        with _Relayed(process):
            _announce(process, ports)
            code = process.wait()
        _tell(log, code)
    return code if code >= 0 else 128 - code


def _refuse_taken(ports: Ports) -> None:
    """Say here what the launcher could only end by."""
    with contextlib.ExitStack() as held:
        for option, number in (("--port", ports.app), ("--control-port", ports.control)):
            try:
                held.enter_context(port.bind(number))
            except port.PortTakenError as error:
                why = getattr(error.__cause__, "strerror", error)
                raise InputError(
                    f"{option}: {number} cannot be had on this machine ({why}); give another"
                ) from error


def _interpreter(spec: FalAppSpec, *, install: bool) -> tuple[str, Path]:
    own = ".".join(map(str, sys.version_info[:2]))
    asked = spec.python_version or own
    if install:
        report.note(f"making the environment for Python {asked}")
        python = venv.environment(spec, asked) / "bin/python"
        return str(python), venv.runtime(asked) / "boot.py"
    if asked != own:
        raise CliError(
            f"--no-install: the app asks for Python {asked}, and this is {own}; leave --no-install "
            "out, or run falapp with that Python"
        )
    return sys.executable, Path(__file__).parents[2] / "falapp_runner" / "boot.py"


def _command(python: str, boot: Path, ports: Ports, log: Path) -> list[str]:
    return [
        *(python, str(boot)),
        *("--app-port", str(ports.app), "--control-port", str(ports.control)),
        *("--termination-log", str(log)),
    ]


def _variables(spec: FalAppSpec) -> dict[str, str]:
    """Return the app's environment: this shell's, in which Secrets are looked up by name, too."""
    known = os.environ | pod.limits(spec)
    for variable in spec.env or ():
        if variable.value is not None:
            known[variable.name] = variable.value
        elif variable.name not in known:
            report.note(
                f"env: {variable.name} comes from a Secret there; export it to have it here"
            )
    known[contract.ENTRYPOINT] = spec.entrypoint
    return known


class _Relayed:
    """Hand SIGINT and SIGTERM to the app, which drains, and stay until it has ended."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._before: Mapping[int, object] = {}

    def __enter__(self) -> None:
        self._before = {
            number: signal.signal(number, lambda n, _: self._process.send_signal(n))
            for number in (signal.SIGINT, signal.SIGTERM)
        }

    def __exit__(self, *args: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def _announce(process: subprocess.Popen[bytes], ports: Ports) -> None:
    """Say when setup() has returned; a thread, so that the app is waited for meanwhile."""

    def watch() -> None:
        while process.poll() is None:
            if _is_ready(ports.control):
                report.note(f"ready: http://127.0.0.1:{ports.app} (Ctrl-C ends it)")
                return
            threading.Event().wait(_POLL)

    threading.Thread(target=watch, daemon=True).start()


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=1):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _tell(log: Path, code: int) -> None:
    """Say what the app left as its last word, as the operator would put it into the status."""
    try:
        said = json.loads(log.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if code != 0 and said.get("reason") != contract.STARTUP_INTERRUPTED:
        report.note(f"{said.get('reason')}: {said.get('message')}")

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from falapp_runner import contract

APPS = Path(__file__).parent / "apps"
BOOT = Path(contract.__file__).parent / "boot.py"
WARNINGS = ("-W", "error")
PATIENCE = 20.0


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def ask(port: int, method: str, path: str, body: object = None) -> tuple[int, object]:
    """One request on a connection of its own; OSError when the port is closed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, {"Content-Type": "application/json"})
        with connection.getresponse() as answer:
            text = answer.read().decode()
            kind = answer.getheader("Content-Type")
            return answer.status, json.loads(text) if kind == "application/json" else text


class Runner:
    """A real runner process: boot.py with an app of `apps`, on free ports of this machine."""

    def __init__(
        self,
        entrypoint: str,
        folder: Path,
        *,
        grace: str = "5",
        startup: str = "",
        app_port: int = 0,
        python: str | Path = sys.executable,
        boot: Path = BOOT,
    ):
        self.app_port = app_port or free_port()
        self.control_port = free_port()
        self.go = folder / "go"
        self._log = folder / "termination-log"
        self._out = (folder / "out").open("w+")
        self._err = (folder / "err").open("w+")
        options = [
            *("--app-port", str(self.app_port)),
            *("--control-port", str(self.control_port)),
            *("--termination-log", str(self._log)),
        ]
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [python, *WARNINGS, boot, *options],
            cwd=APPS,
            env={
                **os.environ,
                contract.ENTRYPOINT: entrypoint,
                contract.GRACE_SECONDS: grace,
                contract.STARTUP_TIMEOUT: startup,
                "GO": str(self.go),
                "APP_PORT": str(self.app_port),
            },
            stdout=self._out,
            stderr=self._err,
        )

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, object]:
        """One request to the app."""
        return ask(self.app_port, method, path, body)

    def probe(self, path: str) -> int:
        return ask(self.control_port, "GET", path)[0]

    @property
    def probes(self) -> tuple[int, int, int]:
        return self.probe("/startup"), self.probe("/ready"), self.probe("/live")

    @property
    def report(self) -> dict[str, object]:
        report = ask(self.control_port, "GET", "/state")[1]
        assert isinstance(report, dict)
        return report

    def wait_for(self, state: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.errors
            with contextlib.suppress(OSError):
                if self.report["state"] == state:
                    return
            time.sleep(0.005)
        raise AssertionError(f"not {state} after {PATIENCE} s: {self.output} {self.errors}")

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def end(self) -> int:
        return self.process.wait(PATIENCE)

    @property
    def failure(self) -> dict[str, str]:
        return json.loads(self._log.read_text())

    @property
    def last_words(self) -> str:
        """What the kubelet would find, whoever left it."""
        return self._log.read_text()

    @property
    def wrote_failure(self) -> bool:
        return self._log.stat().st_size > 0

    @property
    def output(self) -> str:
        return Path(self._out.name).read_text()

    @property
    def errors(self) -> str:
        return Path(self._err.name).read_text()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._out.close()
        self._err.close()


@pytest.fixture
def run(tmp_path):
    """Start runners; they end with the test."""
    with contextlib.ExitStack() as stack:

        def start(entrypoint, **options):
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            runner = Runner(entrypoint, folder, **options)
            stack.callback(runner.close)
            return runner

        yield start

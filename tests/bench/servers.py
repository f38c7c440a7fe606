"""The servers that are compared, each a process with all its children, on loopback."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from falapp_runner import contract
from tests.bench import load
from tests.unit.runner.conftest import BOOT, free_port

PEERS = Path(__file__).parent / "peers"
ASKED = {
    "prompt": "a cat",
    "steps": 4,
    "scale": 2.0,
    "inner": {"a": 2, "b": "y"},
    "tags": ["x", "y"],
}
VERSIONS = {"litserve": "0.2.19", "bentoml": "1.4.39", "kserve": "0.21.0"}


@dataclass(frozen=True)
class Server:
    """How one is started and asked."""

    command: str
    """With {port}, {control} (a second port)."""
    path: str
    ready: str = "/health"
    body: str = json.dumps(ASKED)
    python: str = sys.executable
    gated: bool = False
    """Whether the second port is a gate's, and its log says when it is ready."""


FAL = Server("{python} fal_app.py {port} {control}", "/async")
OURS = Server(
    f"{{python}} {BOOT} --app-port {{port}} --control-port {{control}} --termination-log /dev/null",
    "/async",
    gated=True,
)
PLAIN = Server(
    "{python} -m uvicorn plain_app:app --port {port} --no-access-log --log-level error", "/async"
)


def peer(name: str) -> Server:
    """Return one of the peers, in a virtual environment of its own."""
    python = str(environment(name))
    match name:
        case "litserve":
            return Server("{python} litserve_app.py {port}", "/predict", python=python)
        case "kserve":
            body = json.dumps({"instances": [ASKED]})
            path, ready = "/v1/models/bench:predict", "/v2/health/ready"
            return Server("{python} kserve_app.py {port}", path, ready, body, python)
    body = json.dumps({"given": ASKED})
    command = "{python} -m bentoml serve bentoml_app:Bench --host 127.0.0.1 --port {port}"
    return Server(command, "/run", "/readyz", body, python)


def environment(name: str) -> Path:
    """Return the Python of a peer's virtual environment, made once a machine."""
    folder = load.PLACE / f"{name}-{VERSIONS[name]}"
    python = folder / "bin" / "python"
    uv = str(Path(sys.executable).parent / "uv")
    if not (folder / "installed").exists():
        subprocess.run([uv, "venv", "-q", "--clear", folder], check=True)
        wanted = [f"{name}=={VERSIONS[name]}", "setuptools<81"]
        command = [uv, "pip", "install", "-q", "--compile-bytecode", "--python", python, *wanted]
        subprocess.run(command, check=True, timeout=400)
        (folder / "installed").touch()
    return python


@dataclass
class Running:
    """One that answers."""

    url: str
    body: str
    ready_seconds: float
    live_seconds: float
    pid: int

    @property
    def pss(self) -> float:
        """The memory of it and its children, in MB."""
        return sum(_pss(pid) for pid in _family(self.pid)) / 1024


@contextlib.contextmanager
def running(server: Server) -> Iterator[Running]:
    """Start it, wait until it answers, end it with all that it started."""
    port, control = free_port(), free_port()
    given = {"python": server.python, "port": str(port), "control": str(control)}
    began = time.perf_counter()
    process = subprocess.Popen(
        [part.format(**given) for part in server.command.split()],
        cwd=PEERS,
        env={**os.environ, contract.ENTRYPOINT: "fal_app.py::Bench", "BENTOML_DO_NOT_TRACK": "1"},
        stdout=subprocess.PIPE if server.gated else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        if server.gated:
            live = _answers(control, "/live", process)
            ready = _says_ready(process)  # each look at a gate costs what is measured here
        else:
            live = ready = _answers(port, server.ready, process)
        url = f"http://127.0.0.1:{port}{server.path}"
        yield Running(url, server.body, ready - began, live - began, process.pid)
    finally:
        for pid in _family(process.pid):  # BentoML's workers have sessions of their own
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _says_ready(process: subprocess.Popen[bytes]) -> float:
    assert process.stdout is not None
    while line := process.stdout.readline():
        if line.rstrip().endswith(b"falapp: Ready"):
            return time.perf_counter()
    raise AssertionError("it ended")


def _answers(port: int, path: str, process: subprocess.Popen[bytes]) -> float:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert process.poll() is None, "it ended"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with (
            contextlib.suppress(OSError, http.client.HTTPException),
            contextlib.closing(connection),
        ):
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return time.perf_counter()
        time.sleep(0.003)
    raise AssertionError(f"nothing answers on {path}")


def _family(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return []
    return [pid, *(each for child in text.split() for each in _family(int(child)))]


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))

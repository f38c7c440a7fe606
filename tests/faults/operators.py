"""Operator processes, one at a time: started, ended without a warning, started again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from tests.faults import processes
from tests.faults.controlplane import Server, free_port

_SECONDS = 5


class Operators:
    """The one operator that runs, its predecessors, and the log of all of them."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "operator.log"
        self.registry = free_port()
        """The port of the registry: images have the same name in all tests."""
        self.health = free_port()
        """The port that an operator serves probes on: in a pod it has all of them to itself."""
        self._kubeconfig = folder / "operator.kubeconfig"
        self._settings = folder / "settings.yaml"
        env = {
            **os.environ,
            "KUBECONFIG": str(self._kubeconfig),
            "FALAPP_SETTINGS": str(self._settings),
        }
        self._zygote = processes.start(
            [sys.executable, "-m", "tests.faults.zygote"],
            self.log,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.pid = 0

    def configure(self, server: Server, settings: dict[str, Any]) -> None:
        """Tell operators that start from now on where they are, and what the chart says."""
        self._kubeconfig.write_text(server.kubeconfig())
        self._settings.write_text(yaml.safe_dump(settings))
        self.log.write_text("")

    def start(self) -> None:
        """Start one."""
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.write(f"{self.log}\n".encode())
        self._zygote.stdin.flush()
        said = self._zygote.stdout.readline()
        assert said, processes.tail(self.log)
        self.pid = int(said)

    def kill(self) -> None:
        """End it as a node that loses power does."""
        pid, self.pid = self.pid, 0
        if not pid:
            return
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + _SECONDS
        while _exists(pid):
            assert time.monotonic() < deadline, f"process {pid} does not end"
            time.sleep(0.002)

    def close(self) -> None:
        """End everything."""
        if self.is_alive:
            self.kill()
        processes.end(self._zygote)
        for pipe in (self._zygote.stdin, self._zygote.stdout):
            assert pipe is not None
            pipe.close()

    @property
    def is_alive(self) -> bool:
        """Whether the operator runs; one that ended by itself does not."""
        return bool(self.pid) and _exists(self.pid)

    def memory(self) -> float:
        """Return how many MB of memory it has in use, those that it shares included."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        [line] = [line for line in text.splitlines() if line.startswith("VmRSS")]
        return int(line.split()[1]) / 1000


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

"""`fal.function(exposed_port=...)`: a function that opens a port itself and serves as it likes."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from falapp_runner import drain, state
from falapp_runner.serving import functions

POLL = 0.05
ESTABLISHED = "01"
"""As /proc/net/tcp has it."""


class FunctionEndedError(Exception):
    """The function returned, though it is to serve until the runner ends."""


class Host(Protocol):
    """What this module uses of the process that it runs in."""

    @property
    def life(self) -> state.Life:
        """The runner's state."""

    @property
    def budget(self) -> drain.Budget:
        """How the grace period is spent."""


class Exposed:
    """The function; ValueError if it opens no port."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.name: str = function.raw_func.__name__
        port = functions.port_of(function)
        if port is None:
            raise ValueError(f"{self.name} serves nothing; give fal.function serve=True")
        self.port = port


class Session:
    """Such a function, from its call until its requests have come to an end."""

    def __init__(self, exposed: Exposed, held: socket.socket, host: Host) -> None:
        self._port: int = held.getsockname()[1]
        if exposed.port != self._port:
            raise ValueError(
                f"{exposed.name}: exposed_port: {exposed.port} is not {self._port}, the port to "
                f"which requests come; give it {self._port}"
            )
        self._function = exposed.function
        self._held = held
        self._life = host.life
        self._budget = host.budget
        self._changed = threading.Event()
        self._asked_at = 0.0
        self._error: BaseException | None = None

    def run(self) -> BaseException | None:
        """Call it, as fal does in a thread, until `stop`; return what went wrong, if it did."""
        self._life.enter(state.State.SETUP)
        self._held.close()  # the function's from now on
        thread = threading.Thread(target=self._call, name="function", daemon=True)
        thread.start()
        while thread.is_alive() and not self._is_open():
            self._changed.wait(POLL)
        if thread.is_alive():
            self._life.setup_returned()
            self._life.enter(state.State.READY)
            self._changed.wait()
        if not self._asked_at:
            name = self._function.raw_func.__name__
            return self._error or FunctionEndedError(f"{name} returned instead of serving")
        self._wait(lambda: False, self._budget.pause)
        self._wait(lambda: not self._connections(), self._budget.requests)
        return None

    def stop(self) -> None:
        """Begin to drain; any thread may ask."""
        self._asked_at = time.monotonic()
        self._changed.set()

    def _call(self) -> None:
        try:
            before = self._function.options.host.get("setup_function")
            if before is not None:
                before()
            self._function.raw_func()
        except BaseException as error:  # it is told on the main thread
            self._error = error
        self._changed.set()

    def _wait(self, over: Callable[[], bool], until: float) -> None:
        while not over() and time.monotonic() < self._asked_at + until:
            time.sleep(POLL)

    def _is_open(self) -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            return True
        return False

    def _connections(self) -> int:
        count = 0
        for table in ("tcp", "tcp6"):
            with contextlib.suppress(OSError):
                rows = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
                fields = [row.split() for row in rows]
                here = f":{self._port:04X}"
                count += sum(f[1].endswith(here) and f[3] == ESTABLISHED for f in fields)
        return count

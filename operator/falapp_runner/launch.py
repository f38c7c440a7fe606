"""Run one app: open the gate's port, load the class, set it up, serve it, drain it.

The gate answers before the app's code is imported; everything that costs time comes after it.
"""

import contextlib
import gc
import io
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from falapp_runner import (
    contract,
    deferred,
    drain,
    files,
    gate,
    limits,
    load,
    port,
    report,
    signals,
    state,
    verdict,
)
from falapp_runner.patience import Patience
from falapp_runner.serving import metrics, options
from falapp_runner.settings import Settings

if TYPE_CHECKING:
    from falapp_runner import serve
    from falapp_runner.serving import exposed

LINGER = 5.0
"""Seconds for which threads that the app left behind may keep the process after its end."""


def main(given: Settings) -> None:
    """Run the app and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # what setup() prints is seen while it runs, and not lost if the process is ended
            stream.reconfigure(line_buffering=True)
    code = Launch(given).run()
    _later(LINGER, lambda: os._exit(code))
    sys.exit(code)


class Launch:
    """One run of one app; `run` is called once, on the main thread."""

    def __init__(self, given: Settings) -> None:
        self._settings = given
        self._grace = contract.DEFAULT_GRACE_SECONDS if given.grace is None else given.grace
        self._life = state.Life(_announce)
        self._patience: Patience | None = None
        self._signals = signals.Signals(self._asked_to_end)
        self._session: serve.Session | exposed.Session | None = None
        self._counts = metrics.Metrics(self._life)
        self._lost = ""
        self._code = 1

    def run(self) -> int:
        """Serve the app until it is told to stop; return the exit code."""
        self._signals.start()
        gc.disable()  # while thousands of modules are imported there is no garbage to speak of
        self._patience = Patience(
            self._settings.startup or contract.DEFAULT_STARTUP_SECONDS,
            self._too_late,
            self._settings.termination_log,
        )
        self._life.on_ready(self._patience.stop)
        try:
            gate.Gate(self._life, self._settings.control_port, self._counts).start()
            held = port.bind(self._settings.app_port)
            self._session = self._load(held)
        except (port.PortTakenError, load.LoadError) as error:
            return self._fail(error)
        self._code = self._ended(self._session.run())
        return self._code

    def _load(self, held: socket.socket) -> "serve.Session | exposed.Session":
        self._import_runtime()
        from falapp_runner import serve

        files.register(os.environ)
        kind = load.load(self._settings.entrypoint, self._settings.folder)
        self._grace = limits.grace(kind, self._settings)
        if self._patience is not None:
            self._patience.extend(limits.startup(kind, self._settings))
        if metrics_port := limits.metrics_port(kind, self._settings):
            gate.Gate(self._life, metrics_port, self._counts).start()
        host = serve.Host(
            life=self._life,
            heard=self._signals,
            budget=drain.budget(self._grace),
            counts=self._counts,
            lost=self._worker_lost,
        )
        try:
            return serve.session(serve.build(kind), held, host)
        except Exception as error:
            raise load.LoadError(
                f"{self._settings.entrypoint}: the endpoints of {options.name(kind)} cannot be "
                f"served: {report.sentence(error)}",
                contract.INVALID_SIGNATURE,
            ) from error

    def _import_runtime(self) -> None:
        """Import what serves, which imports fal; the environment's packages may keep it from it."""
        broken: list[str] = []
        try:
            from falapp_runner import conflicts

            broken = conflicts.find(self._settings.runtime)
            for sentence in broken:
                print(f"falapp: {sentence}", file=sys.stderr)
            deferred.import_fal()
            from falapp_runner import serve  # noqa: F401

            # what lives as long as the process need not be looked through for garbage again and
            # again; not after the app's own code, which may let go of what it made
            gc.enable()
            gc.freeze()
        except Exception as error:
            raise load.conflict(broken, error) from error

    def _ended(self, error: BaseException | None) -> int:
        if self._life.state is state.State.STOPPED:  # by SIGTERM, in this very moment
            return _code(signal.SIGTERM)
        if error is None or self._life.state is state.State.DRAINING:
            self._life.enter(state.State.STOPPED)
            if error is None:
                return 1 if self._lost else 0
            print(f"falapp: teardown() raised {report.sentence(error)}", file=sys.stderr)
            traceback.print_exception(error)
            return 1
        return self._fail(error)

    def _fail(self, error: BaseException) -> int:
        """Leave word of a failure wherever somebody may look for it."""
        given = self._settings
        if self._life.state in (state.State.LOAD_FAILED, state.State.SETUP_FAILED):
            time.sleep(LINGER)  # the start was given up: whoever did that is ending the process
        setting_up = self._life.state is state.State.SETUP and not self._life.returned
        failure = verdict.of(error, given.entrypoint, given.folder, setting_up=setting_up)
        told = isinstance(error, load.LoadError | port.PortTakenError)
        if cause := error.__cause__ if told else error:
            traceback.print_exception(cause)
        self._leave(failure)
        self._life.enter(verdict.ENDS.get(failure.reason, state.State.LOAD_FAILED))
        return 1

    def _leave(self, failure: report.Failure) -> None:
        if self._patience is not None:
            self._patience.stop()
        print(f"falapp: {failure.reason}: {failure.message}", file=sys.stderr)
        report.write(failure, self._settings.termination_log)

    def _too_late(self, seconds: float) -> None:
        """Give a start up that takes too long; runs in the thread of `patience`."""
        given, reached = self._settings, self._life.give_up()
        if reached is None:
            return
        setting_up = reached is state.State.SETUP_FAILED
        failure = verdict.timeout(seconds, given.entrypoint, given.folder, setting_up=setting_up)
        report.write(failure, given.termination_log)
        _announce(f"falapp: {failure.reason}: {failure.message}\n{failure.log_tail}")
        os._exit(1)

    def _asked_to_end(self, number: signal.Signals) -> None:
        """Act on SIGTERM or SIGINT; runs in the thread of `signals`."""
        reached = self._life.terminate()
        if reached is state.State.STOPPED:
            self._interrupted(number)
            # the main thread may be inside a C call that never returns
            os._exit(_code(number))
        if reached is state.State.DRAINING and self._session is not None:
            _later(drain.budget(self._grace).total, self._overdue)
            self._session.stop()

    def _worker_lost(self, why: str) -> None:
        """Drain and end, for the runner to be replaced; the loop's thread calls it."""
        if self._life.terminate() is not state.State.DRAINING or self._session is None:
            return
        self._lost = f"{self._settings.entrypoint}: {why}"
        failure = report.Failure(reason=contract.WORKER_LOST, message=self._lost)
        report.write(failure, self._settings.termination_log)
        _announce(f"falapp: {failure.reason}: {failure.message}")
        _later(drain.budget(self._grace).total, self._overdue)
        self._session.stop()

    def _interrupted(self, number: signal.Signals) -> None:
        given, began = self._settings, "setupStartedAt" in self._life.report()
        failure = verdict.interrupted(number.name, given.entrypoint, given.folder, setting_up=began)
        report.write(failure, given.termination_log)

    def _overdue(self) -> None:
        if self._life.state is state.State.STOPPED:
            os._exit(self._code)
        _announce(
            f"falapp: requests and teardown() took all of the {self._grace:g} s between "
            "SIGTERM and SIGKILL; raise terminationGracePeriod or make them shorter"
        )
        os._exit(1)


def _later(seconds: float, act: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()


def _announce(line: str) -> None:
    # past sys.stdout, whose lock the main thread may hold, and which the app may replace
    with contextlib.suppress(OSError):
        os.write(1, f"{line}\n".encode())


def _code(number: int) -> int:
    return 128 + number

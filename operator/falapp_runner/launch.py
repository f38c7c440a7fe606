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
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from falapp_runner import contract, deferred, drain, gate, load, port, report, signals, state
from falapp_runner.serving import metrics
from falapp_runner.settings import Settings

if TYPE_CHECKING:
    from falapp_runner import serve
    from falapp_runner.serving import exposed

LINGER = 5.0
"""Seconds for which threads that the app left behind may keep the process after its end."""

ENDS = {
    contract.LOAD_FAILED: state.State.LOAD_FAILED,
    contract.SETUP_FAILED: state.State.SETUP_FAILED,
    contract.SERVE_FAILED: state.State.STOPPED,
}
"""The state that each reason leads to."""


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
        self._budget = drain.budget(given.grace)
        self._life = state.Life(_announce)
        self._signals = signals.Signals(self._asked_to_end)
        self._session: serve.Session | exposed.Session | None = None
        self._counts = metrics.Metrics(self._life)
        self._lost = ""
        self._code = 1

    def run(self) -> int:
        """Serve the app until it is told to stop; return the exit code."""
        self._signals.start()
        gc.disable()  # while thousands of modules are imported there is no garbage to speak of
        try:
            gate.Gate(self._life, self._settings.control_port, self._counts).start()
            held = port.bind(self._settings.app_port)
        except port.PortTakenError as error:
            return self._fail(contract.SERVE_FAILED, error)
        try:
            self._session = self._load(held)
        except load.LoadError as error:
            return self._fail(contract.LOAD_FAILED, error)
        self._code = self._ended(self._session.run())
        return self._code

    def _load(self, held: socket.socket) -> "serve.Session | exposed.Session":
        broken: list[str] = []
        try:
            from falapp_runner import conflicts

            broken = conflicts.find(self._settings.runtime)
            for sentence in broken:
                print(f"falapp: {sentence}", file=sys.stderr)
            deferred.import_fal()
            from falapp_runner import serve

            # what lives as long as the process need not be looked through for garbage again and
            # again; not after the app's own code, which may let go of what it made
            gc.enable()
            gc.freeze()
        except Exception as error:
            why = "; ".join(broken) or report.sentence(error)
            raise load.LoadError(
                f"requirements: the environment's packages keep fal from being imported: {why}; "
                "pin versions that fit, or leave them out"
            ) from error
        kind = load.load(self._settings.entrypoint, self._settings.folder)
        try:
            host = serve.Host(
                life=self._life,
                heard=self._signals,
                budget=self._budget,
                counts=self._counts,
                lost=self._worker_lost,
            )
            return serve.session(serve.build(kind), held, host)
        except Exception as error:
            raise load.LoadError(
                f"{self._settings.entrypoint}: the endpoints of {kind.__name__} cannot be served: "
                f"{report.sentence(error)}"
            ) from error

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
        if self._life.returned:
            return self._fail(contract.SERVE_FAILED, error)
        began = self._life.state is state.State.SETUP
        return self._fail(contract.SETUP_FAILED if began else contract.LOAD_FAILED, error)

    def _fail(self, reason: str, error: BaseException) -> int:
        """Leave word of a failure wherever somebody may look for it."""
        told = isinstance(error, load.LoadError | port.PortTakenError)
        cause = error.__cause__ if told else error
        failure = report.Failure(
            reason=reason,
            message=str(error) if told else self._sentence(reason, error),
            log_tail=report.tail(cause, str(self._settings.folder)) if cause else "",
        )
        if cause:
            traceback.print_exception(cause)
        print(f"falapp: {reason}: {failure.message}", file=sys.stderr)
        report.write(failure, self._settings.termination_log)
        self._life.enter(ENDS[reason])
        return 1

    def _sentence(self, reason: str, error: BaseException) -> str:
        entrypoint, text = self._settings.entrypoint, report.sentence(error)
        if reason == contract.SERVE_FAILED:
            return f"{entrypoint}: the server ended: {text}"
        if isinstance(error, SystemExit):
            return (
                f"{entrypoint}: setup() ended the process with {text}; let it return, "
                "or raise an error that says what is wrong"
            )
        return f"{entrypoint}: setup() raised {text}; correct it and apply it again"

    def _asked_to_end(self, number: signal.Signals) -> None:
        """Act on SIGTERM or SIGINT; runs in the thread of `signals`."""
        reached = self._life.terminate()
        if reached is state.State.STOPPED:
            report.write(self._interrupted(number), self._settings.termination_log)
            # the main thread may be inside a C call that never returns
            os._exit(_code(number))
        if reached is state.State.DRAINING and self._session is not None:
            _later(self._budget.total, self._overdue)
            self._session.stop()

    def _worker_lost(self, why: str) -> None:
        """Drain and end, for the runner to be replaced; the loop's thread calls it."""
        if self._life.terminate() is not state.State.DRAINING or self._session is None:
            return
        self._lost = f"{self._settings.entrypoint}: {why}"
        failure = report.Failure(reason=contract.WORKER_LOST, message=self._lost)
        report.write(failure, self._settings.termination_log)
        _announce(f"falapp: {failure.reason}: {failure.message}")
        _later(self._budget.total, self._overdue)
        self._session.stop()

    def _interrupted(self, number: signal.Signals) -> report.Failure:
        began = "setupStartedAt" in self._life.report()
        frame = sys._current_frames().get(threading.main_thread().ident or 0)
        frames = traceback.extract_stack(frame) if frame else traceback.StackSummary()
        return report.Failure(
            reason=contract.STARTUP_INTERRUPTED,
            message=f"{self._settings.entrypoint}: {number.name} came "
            + ("before setup() had returned" if began else "while the app was being imported")
            + "; if startupTimeout ran out, raise it",
            log_tail=report.stack(frames, str(self._settings.folder)),
        )

    def _overdue(self) -> None:
        if self._life.state is state.State.STOPPED:
            os._exit(self._code)
        _announce(
            f"falapp: requests and teardown() took all of the {self._settings.grace:g} s between "
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

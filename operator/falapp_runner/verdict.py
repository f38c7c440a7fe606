"""What an error means for who wrote the app: a reason, a sentence, the lines that matter."""

import errno
from pathlib import Path

from falapp_runner import contract, load, port, report, state, where

ENDS = {
    contract.PORT_TAKEN: state.State.STOPPED,
    contract.SERVE_FAILED: state.State.STOPPED,
    contract.SETUP_FAILED: state.State.SETUP_FAILED,
    contract.SETUP_EXITED: state.State.SETUP_FAILED,
}
"""The state that each reason leads to; the others are found while loading."""

_MEND = "correct it and apply it again"


def of(error: BaseException, entrypoint: str, folder: Path, *, setting_up: bool) -> report.Failure:
    """Return what is to be told of an error that came while the app was loaded, set up or served.

    Args:
        error: What was raised.
        entrypoint: The file and the class.
        folder: Where the app's files are.
        setting_up: Whether setup() had begun and not returned.
    """
    if isinstance(error, load.LoadError | port.PortTakenError):
        reason = error.reason if isinstance(error, load.LoadError) else contract.PORT_TAKEN
        cause = error.__cause__
        tail = report.tail(cause, str(folder)) if cause else ""
        return report.Failure(reason=reason, message=str(error), log_tail=tail)
    reason, sentence = _raised(error, setting_up=setting_up)
    return report.Failure(
        reason=reason,
        message=f"{entrypoint}: {sentence}",
        log_tail=report.tail(error, str(folder)),
    )


def _raised(error: BaseException, *, setting_up: bool) -> tuple[str, str]:
    text = report.sentence(error)
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        when = "setup() raised" if setting_up else "the server ended:"
        return contract.PORT_TAKEN, (
            f"{when} {text}; ports {contract.APP_PORT} and {contract.CONTROL_PORT} are the "
            "runner's, so let what the app starts listen on another one"
        )
    if not setting_up:
        return contract.SERVE_FAILED, f"the server ended: {text}"
    if isinstance(error, SystemExit):
        return contract.SETUP_EXITED, (
            f"setup() ended the process with {text}; let it return, "
            "or raise an error that says what is wrong"
        )
    return contract.SETUP_FAILED, f"setup() raised {text}; {_MEND}"


def timeout(seconds: float, entrypoint: str, folder: Path, *, setting_up: bool) -> report.Failure:
    """Return what is to be told of a start that takes too long, with where it hangs."""
    what = "setup() has not returned" if setting_up else "the app's file is still being imported"
    return report.Failure(
        reason=contract.SETUP_TIMEOUT,
        message=f"{entrypoint}: {what} {seconds:g} s after the start; raise startupTimeout if it "
        "needs longer, or see where it hangs",
        log_tail=where.find(str(folder)),
    )


def interrupted(name: str, entrypoint: str, folder: Path, *, setting_up: bool) -> report.Failure:
    """Return what is to be told of a start that a signal ended, as when the pod is deleted."""
    when = "before setup() had returned" if setting_up else "while the app was being imported"
    return report.Failure(
        reason=contract.STARTUP_INTERRUPTED,
        message=f"{entrypoint}: {name} came {when}",
        log_tail=where.find(str(folder)),
    )

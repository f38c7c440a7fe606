"""A failure in the form in which it reaches FalApp.status: the container's termination message."""

import contextlib
import json
import traceback
from dataclasses import dataclass
from pathlib import Path

LIMIT = 4096
"""The kubelet keeps this many bytes of a termination message."""

SENTENCE = 1000
"""As many characters of the message, which may quote an error of any length."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What went wrong."""

    reason: str
    """One of the reasons of `contract`."""
    message: str
    """One sentence: what, where, way out."""
    log_tail: str = ""
    """The last lines that matter."""


def encode(failure: Failure, limit: int = LIMIT) -> bytes:
    """Return the failure as JSON of at most `limit` bytes, the start of `log_tail` cut off."""
    message = failure.message
    if len(message) > SENTENCE:
        message = message[: SENTENCE - 1] + "…"
    lines = failure.log_tail.strip("\n").splitlines()
    while True:
        form = {"reason": failure.reason, "message": message, "logTail": "\n".join(lines)}
        text = json.dumps(form, ensure_ascii=False).encode(errors="replace")
        if len(text) <= limit:
            return text
        if len(lines) > 1:
            lines = lines[1:]
        elif lines and len(lines[0]) > 1:
            lines = [lines[0][len(lines[0]) // 2 + 1 :]]
        elif lines:
            lines = []
        else:
            message = message[: len(message) // 2] + "…"


def write(failure: Failure, path: str) -> None:
    """Leave the failure where the kubelet looks for it, if it can be left there."""
    with contextlib.suppress(OSError):
        Path(path).write_bytes(encode(failure))


def tail(error: BaseException, folder: str) -> str:
    """Return the traceback of `error` from the first frame in the app's `folder` on."""
    form = traceback.TracebackException.from_exception(error)
    _trim(form, folder)
    return "".join(form.format())


def stack(frames: traceback.StackSummary, folder: str) -> str:
    """Return a running thread's frames from the first one in the app's `folder` on."""
    return "".join(_own(frames, folder).format())


def enters(frames: traceback.StackSummary, folder: str) -> bool:
    """Return whether any of the frames is in the app's folder."""
    return any(_is_own(frame, folder) for frame in frames)


def sentence(error: BaseException) -> str:
    """Return an error's type and text in one line."""
    text = " ".join(str(error).split())
    kind = type(error).__name__
    if isinstance(error, SystemExit):
        return f"SystemExit({error.code!r})"
    return f"{kind}: {text}" if text else kind


def _trim(form: traceback.TracebackException, folder: str) -> None:
    form.stack = _own(form.stack, folder)
    for other in (form.__cause__, form.__context__, *(form.exceptions or ())):
        if other is not None:
            _trim(other, folder)


def _own(frames: traceback.StackSummary, folder: str) -> traceback.StackSummary:
    for index, frame in enumerate(frames):
        if _is_own(frame, folder):
            return traceback.StackSummary.from_list(frames[index:])
    return frames


def _is_own(frame: traceback.FrameSummary, folder: str) -> bool:
    return frame.filename.startswith(folder.rstrip("/") + "/")

"""What a step leaves for the operator: JSON in its termination message.

The kubelet cuts termination messages to 12 KiB a pod, divided by the number of its containers and
at most 4096 bytes each (pkg/kubelet/status/status_manager.go), which would leave broken JSON. A
build pod has up to seven containers, so 1700 bytes are the limit.
"""

import json
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from falapp_builder.pod.failure import Failure, Reason
from falapp_requirements.redact import Redactor

LIMIT = 1700
_MESSAGE_LIMIT = 1000


def failure_json(failure: Failure) -> str:
    """Return the report of a failure within `LIMIT` bytes; its log is cut from the start."""
    printable = "".join(c if c.isprintable() else " " for c in failure.message)
    message = shortened(printable, _MESSAGE_LIMIT)
    report = {"reason": failure.reason.value, "message": message, "logTail": ""}
    lines = failure.log.strip("\n").split("\n")
    room = LIMIT - len(_encoded(report).encode())
    kept: list[str] = []
    for line in reversed(lines):
        cost = len(_encoded(line + "\n").encode()) - 2
        if cost > room:
            break
        room -= cost
        kept.append(line)
    report["logTail"] = "\n".join(reversed(kept))
    return _encoded(report)


def shortened(text: str, limit: int) -> str:
    """Return ``text`` within ``limit`` bytes of UTF-8; what is cut is shown by an ellipsis."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return data.decode()
    return data[: limit - 3].decode("utf-8", "ignore") + "…"


def counted(number: int, what: str) -> str:
    """Return a number of things, as logs tell it: 1 package, 2 packages."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def _encoded(value: object) -> str:
    # ASCII escapes would spend six bytes on a letter; lone surrogates cannot be written otherwise.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()


def write(path: Path, text: str) -> None:
    """Write a termination message; where there is none to write to, say so and go on."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        print(f"falapp: cannot write {path}: {error.strerror}", file=sys.stderr)


def success(path: Path, result: Mapping[str, object]) -> None:
    """Report that a step ended well."""
    write(path, _encoded(dict(result)))


def guarded(step: Callable[[], None], path: Path) -> int:
    """Run a step and return its exit status; however it fails, the operator learns why."""
    try:
        step()
    except Failure as failure:
        return _failed(failure, path)
    except Exception as error:
        log = Redactor()("".join(traceback.format_exception(error)))
        message = f"the builder failed by a mistake of its own ({type(error).__name__}): report it"
        print(log, file=sys.stderr)
        return _failed(Failure(Reason.BUILD_FAILED, message, log), path)
    return 0


def _failed(failure: Failure, path: Path) -> int:
    print(f"falapp: {failure.reason.value}: {failure.message}", file=sys.stderr, flush=True)
    write(path, failure_json(failure))
    return 1

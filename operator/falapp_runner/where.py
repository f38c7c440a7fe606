"""Where an app hangs: the frames of its own code that are on their way, in threads or awaiting."""

import gc
import inspect
import sys
import threading
import traceback
import types
from collections.abc import Iterator
from typing import TypeAlias

from falapp_runner import report

Chain: TypeAlias = "list[types.CoroutineType[object, object, object]]"


def find(folder: str) -> str:
    """Return the stack that is in the app's `folder`, or else the main thread's."""
    main = threading.main_thread().ident
    frames = sys._current_frames()
    first = frames.pop(main) if main in frames else None
    for frame in (first, *frames.values()):
        if frame is not None:
            stack = traceback.extract_stack(frame)
            if report.enters(stack, folder):
                return report.stack(stack, folder)
    for chain in _awaiting(folder):
        return "".join(traceback.StackSummary.extract(_lines(chain)).format())
    return report.stack(traceback.extract_stack(first), folder) if first else ""


def _awaiting(folder: str) -> Iterator[Chain]:
    """Yield the coroutines of the app's code that wait, each with those that it waits for.

    A waiting coroutine is on no thread's stack; what it is called by may be code in C.
    """
    # The type itself is compared: isinstance() asks the object, and one that only stands for
    # another, such as a weak proxy whose object is gone, raises.
    coroutines = (c for c in gc.get_objects() if type(c) is types.CoroutineType)
    found = [c for c in coroutines if c.cr_frame and c.cr_code.co_filename.startswith(folder)]
    inner = {id(c.cr_await) for c in found}
    for outer in found:
        if id(outer) not in inner and not outer.cr_running:
            chain: Chain = []
            waits: object = outer
            while inspect.iscoroutine(waits) and waits.cr_frame:
                chain.append(waits)
                waits = waits.cr_await
            yield chain


def _lines(chain: Chain) -> Iterator[tuple[types.FrameType, int]]:
    for coroutine in chain:
        frame = coroutine.cr_frame
        if frame is not None:
            yield frame, frame.f_lineno

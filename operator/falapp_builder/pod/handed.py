"""The JSON files that steps hand each other, read back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from falapp_builder.pod.failure import Failure, Reason

Read = TypeVar("Read")


def read(path: Path, made: Callable[[Any], Read], *, wrong: str, differ: str) -> Read:
    """Return what is made of a file's content.

    Args:
        path: The file.
        made: Makes it; what it stumbles over is in the content.
        wrong: What to say where it cannot.
        differ: Whose versions do not go together, then.

    Raises:
        Failure: There is no such file, or nothing can be made of it.
    """
    try:
        return made(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{wrong} ({type(error).__name__}): {differ} differ"
        raise Failure(Reason.BUILD_FAILED, message) from error

"""What a container left behind when it ended: its termination message.

Our own steps and runners leave JSON there. So may anything that a user runs in their place, so
nothing is taken for granted: neither that it is JSON, nor what is in it.
"""

import json
from typing import Any


def read(text: str) -> dict[str, Any]:
    """Return the message as a mapping; an empty one where it is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def word(message: dict[str, Any], key: str) -> str:
    """Return the text at ``key``, fit to be sent on; an empty one where there is no text."""
    value = message.get(key)
    # JSON may hold half a surrogate pair, which no UTF-8 can.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""

"""Lines for people, on stderr, so that what a command prints can be a file."""

import sys


def note(text: str) -> None:
    """Say something that changes nothing."""
    sys.stderr.write(f"falapp: {text}\n")

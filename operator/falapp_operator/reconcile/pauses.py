"""Pauses that grow with the time already waited, so that they outlive the operator's process."""

from datetime import datetime

_FIRST = 10.0


def growing(since: str, now: datetime, longest: float, *, first: float = _FIRST) -> float:
    """Return how long to wait on: as long as since ``since``, within bounds.

    Args:
        since: When the waiting began, as Kubernetes writes it; empty if it begins now.
        now: The time.
        longest: Seconds that the pause never exceeds.
        first: Seconds that it never falls below.
    """
    waited = (now - datetime.fromisoformat(since)).total_seconds() if since else 0.0
    return min(longest, max(first, waited))

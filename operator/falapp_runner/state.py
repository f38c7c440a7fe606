"""Where a runner is in its life, what that means for its probes, and when it got there."""

import datetime
import enum
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from falapp_runner import contract


class State(enum.StrEnum):
    """A runner's state; it changes as `NEXT` allows and in no other way."""

    LOADING = "Loading"
    """The runtime and the app's file are being imported."""
    SETUP = "Setup"
    """setup() runs, or has returned and the app's port is about to open."""
    READY = "Ready"
    """setup() has returned and the app's port is open."""
    BUSY = "Busy"
    """As many requests as the app takes at once are in flight."""
    DRAINING = "Draining"
    """Told to stop: requests in flight finish, then teardown() runs."""
    STOPPED = "Stopped"
    """The process is about to end."""
    LOAD_FAILED = "LoadFailed"
    """The app's file or class cannot be used."""
    SETUP_FAILED = "SetupFailed"
    """setup() raised."""


class Codes(NamedTuple):
    """The HTTP status of each probe."""

    startup: int
    ready: int
    live: int


CODES = {
    State.LOADING: Codes(startup=503, ready=503, live=200),
    State.SETUP: Codes(startup=503, ready=503, live=200),
    State.READY: Codes(startup=200, ready=200, live=200),
    State.BUSY: Codes(startup=200, ready=200, live=200),
    State.DRAINING: Codes(startup=200, ready=503, live=200),
    State.STOPPED: Codes(startup=503, ready=503, live=503),
    State.LOAD_FAILED: Codes(startup=503, ready=503, live=503),
    State.SETUP_FAILED: Codes(startup=503, ready=503, live=503),
}

NEXT: dict[State, frozenset[State]] = {
    State.LOADING: frozenset({State.SETUP, State.LOAD_FAILED, State.STOPPED}),
    State.SETUP: frozenset({State.READY, State.SETUP_FAILED, State.STOPPED}),
    State.READY: frozenset({State.BUSY, State.DRAINING, State.STOPPED}),
    State.BUSY: frozenset({State.READY, State.DRAINING, State.STOPPED}),
    State.DRAINING: frozenset({State.STOPPED}),
    State.STOPPED: frozenset(),
    State.LOAD_FAILED: frozenset(),
    State.SETUP_FAILED: frozenset(),
}

ENDS = {
    State.LOADING: State.STOPPED,
    State.SETUP: State.STOPPED,
    State.READY: State.DRAINING,
    State.BUSY: State.DRAINING,
}
"""What follows the wish to end; in the other states it has no meaning any more."""

GIVEN_UP = {
    State.LOADING: State.LOAD_FAILED,
    State.SETUP: State.SETUP_FAILED,
}
"""What follows where the start takes too long; in the other states it is over."""

FIRST = {
    State.LOADING: "startedAt",
    State.SETUP: "setupStartedAt",
    State.READY: "readyAt",
    State.DRAINING: "drainingAt",
}
"""The states whose first moment `Life.report` names."""


class Life:
    """One runner's state; any thread may read or change it."""

    def __init__(
        self,
        announce: Callable[[str], None],
        *,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._announce = announce
        self._wall = wall
        self._steady = steady
        self._lock = threading.Lock()
        self._moments: dict[str, str] = {}
        self._setup_began = 0.0
        self._setup_seconds: float | None = None
        self.busy: Callable[[], bool] = lambda: False
        """Whether the app has as many requests as it takes at once; asked when somebody looks."""
        self._then: Callable[[], None] = lambda: None
        self._become(State.LOADING)

    @property
    def state(self) -> State:
        """The state now."""
        # Busy comes and goes with every request: it is looked up, not entered
        now = self._state
        return State.BUSY if now is State.READY and self.busy() else now

    @property
    def codes(self) -> Codes:
        """What the probes answer now."""
        return CODES[self.state]

    @property
    def returned(self) -> bool:
        """Whether setup() has returned."""
        return self._setup_seconds is not None

    def enter(self, state: State) -> None:
        """Change to `state`, which must follow the state now."""
        with self._lock:
            first = state is State.READY and FIRST[state] not in self._moments
            self._become(state)
        if first:
            self._then()

    def on_ready(self, then: Callable[[], None]) -> None:
        """Have `then` called when Ready is reached for the first time."""
        self._then = then

    def give_up(self) -> State | None:
        """End a start that takes too long; return the state reached, None if it was over."""
        with self._lock:
            after = GIVEN_UP.get(self._state)
            if after is not None:
                self._become(after)
            return after

    def terminate(self) -> State | None:
        """Follow the wish to end, to Stopped before Ready, else to Draining; None if already so."""
        with self._lock:
            after = ENDS.get(self._state)
            if after is not None:
                self._become(after)
            return after

    def setup_returned(self) -> None:
        """Keep the moment at which setup() returned."""
        with self._lock:
            assert self._state is State.SETUP, f"setup() returned in {self._state}"  # noqa: S101
            self._setup_seconds = self._steady() - self._setup_began
            stamp = self._stamp("setupReturnedAt")
        self._announce(f"{stamp} falapp: setup() returned after {self._setup_seconds:.3f} s")

    def report(self) -> dict[str, object]:
        """Return what /state shows: the state, and the moments (ISO, UTC) that it has passed."""
        with self._lock:
            seconds = self._setup_seconds
            return {
                "state": self.state.value,
                "since": self._since,
                **self._moments,
                "setupSeconds": None if seconds is None else round(seconds, 3),
            }

    def _become(self, state: State) -> None:
        now = getattr(self, "_state", None)
        # an assertion of ours that must hold under `python -O` as well
        if now is not None and state not in NEXT[now]:
            raise AssertionError(f"a runner cannot go from {now} to {state}")
        if state is State.SETUP:
            self._setup_began = self._steady()
        self._state = state
        self._since = self._stamp(FIRST.get(state))
        self._announce(f"{self._since} {contract.STATE_LINE.format(state=state)}")

    def _stamp(self, moment: str | None) -> str:
        now = datetime.datetime.fromtimestamp(self._wall(), datetime.UTC)
        stamp = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if moment is not None:
            self._moments.setdefault(moment, stamp)
        return stamp

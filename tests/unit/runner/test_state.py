import itertools

import pytest

from falapp_runner import state
from falapp_runner.state import State


def walk(life: state.Life, *states: State) -> None:
    for step in states:
        life.enter(step)


PATHS = {
    State.LOADING: (),
    State.SETUP: (State.SETUP,),
    State.READY: (State.SETUP, State.READY),
    State.BUSY: (State.SETUP, State.READY, State.BUSY),
    State.DRAINING: (State.SETUP, State.READY, State.DRAINING),
    State.STOPPED: (State.STOPPED,),
    State.LOAD_FAILED: (State.LOAD_FAILED,),
    State.SETUP_FAILED: (State.SETUP, State.SETUP_FAILED),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(State, State)))
def test_only_what_the_table_allows(before, after):
    life = state.Life([].append)
    walk(life, *PATHS[before])
    if after in state.NEXT[before]:
        life.enter(after)
        assert life.state is after
    else:
        with pytest.raises(AssertionError, match=f"from {before} to {after}"):
            life.enter(after)
        assert life.state is before


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        (State.LOADING, (503, 503, 200)),
        (State.SETUP, (503, 503, 200)),
        (State.READY, (200, 200, 200)),
        (State.BUSY, (200, 200, 200)),
        (State.DRAINING, (200, 503, 200)),
        (State.STOPPED, (503, 503, 503)),
        (State.LOAD_FAILED, (503, 503, 503)),
        (State.SETUP_FAILED, (503, 503, 503)),
    ],
)
def test_codes(name, codes):
    assert state.CODES[name] == codes


@pytest.mark.parametrize("name", list(State))
def test_both_tables_know_every_state(name):
    assert name in state.CODES
    assert name in state.NEXT


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (State.LOADING, State.STOPPED),
        (State.SETUP, State.STOPPED),
        (State.READY, State.DRAINING),
        (State.BUSY, State.DRAINING),
        (State.STOPPED, None),
        (State.LOAD_FAILED, None),
        (State.SETUP_FAILED, None),
    ],
)
def test_termination(before, after):
    life = state.Life([].append)
    walk(life, *PATHS[before])
    assert life.terminate() is after
    assert life.state is (after or before)


def test_a_second_termination_changes_nothing():
    life = state.Life([].append)
    walk(life, State.SETUP, State.READY)
    assert life.terminate() is State.DRAINING
    assert life.terminate() is None
    assert life.state is State.DRAINING


def test_report_and_announcements():
    wall = iter(range(1_800_000_000, 1_800_000_100))
    steady = iter([10.0, 15.25])
    lines: list[str] = []
    life = state.Life(lines.append, wall=lambda: next(wall), steady=lambda: next(steady))
    life.enter(State.SETUP)
    assert life.report()["setupSeconds"] is None
    assert not life.returned
    life.setup_returned()
    assert life.returned
    walk(life, State.READY, State.BUSY, State.READY)
    assert life.report() == {
        "state": "Ready",
        "since": "2027-01-15T08:00:05.000Z",
        "startedAt": "2027-01-15T08:00:00.000Z",
        "setupStartedAt": "2027-01-15T08:00:01.000Z",
        "setupReturnedAt": "2027-01-15T08:00:02.000Z",
        "readyAt": "2027-01-15T08:00:03.000Z",
        "setupSeconds": 5.25,
    }
    assert lines[:4] == [
        "2027-01-15T08:00:00.000Z falapp: Loading",
        "2027-01-15T08:00:01.000Z falapp: Setup",
        "2027-01-15T08:00:02.000Z falapp: setup() returned after 5.250 s",
        "2027-01-15T08:00:03.000Z falapp: Ready",
    ]


def test_setup_cannot_return_before_it_began():
    with pytest.raises(AssertionError, match="Loading"):
        state.Life([].append).setup_returned()

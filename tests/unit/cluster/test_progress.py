import pytest

from tests.cluster import progress
from tests.cluster.progress import Progress


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def lines():
    return []


@pytest.fixture
def said(lines, clock):
    return Progress(lines.append, clock)


def test_a_step_is_announced_and_timed(said, lines, clock):
    clock.now += 192
    with said.step("kubernetes v1.36.3", "compiling"):
        clock.now += 660
    assert lines == [
        "[ 3:12] kubernetes v1.36.3: compiling",
        "[14:12] kubernetes v1.36.3: done in 11:00",
    ]


def test_a_step_of_no_time_says_so_once(said, lines):
    with said.step("base", "importing"):
        pass
    assert lines == ["[ 0:00] base: importing"]


def test_a_failure_is_said_and_goes_on(said, lines, clock):
    def fail():
        with said.step("kind", "starting"):
            clock.now += 5
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert lines[-1] == "[ 0:05] kind: failed after 0:05"


def test_a_long_step_keeps_saying_that_it_goes_on(said, lines, monkeypatch):
    monkeypatch.setattr(progress, "HEARTBEAT", 0.01)
    with said.step("helm", "compiling"):
        deadline = 200
        while len(lines) < 2 and deadline:
            progress.time.sleep(0.01)
            deadline -= 1
    assert lines[1] == "[ 0:00] helm: still at it, 0:00 so far"

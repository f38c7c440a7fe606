import subprocess
import sys
import threading
import time

import pytest

from falapp_runner import contract
from falapp_runner.patience import Patience


@pytest.fixture
def log(tmp_path):
    return str(tmp_path / "termination-log")


def test_time_that_is_up_is_told_once(log):
    told = []
    over = threading.Event()

    def act(seconds):
        told.append(seconds)
        over.set()

    patience = Patience(0.05, act, log)
    assert over.wait(5)
    patience.stop()
    assert told == [0.05]


def test_a_start_that_is_over_is_left_alone(log):
    told = []
    patience = Patience(0.05, told.append, log)
    patience.stop()
    patience.stop()
    time.sleep(0.15)
    assert told == []


def test_the_time_is_counted_from_the_start(log):
    began, over = time.monotonic(), threading.Event()
    patience = Patience(60, lambda seconds: over.set(), log)
    time.sleep(0.2)
    patience.extend(0.1)
    assert over.wait(5)
    assert time.monotonic() - began < 1
    patience.stop()


def test_a_log_that_cannot_be_opened_is_done_without(tmp_path):
    over = threading.Event()
    patience = Patience(0.05, lambda seconds: over.set(), str(tmp_path / "no" / "log"))
    assert over.wait(5)
    patience.stop()


def test_code_that_never_lets_go_of_the_interpreter_is_ended_too(log):
    """No thread of ours runs then: what ends it is in C, and leaves Python's own words."""
    code = (
        "import ctypes, sys; from falapp_runner import patience;"
        "patience.WATCHDOG_DELAY = 0.2;"
        "patience.Patience(0.1, lambda seconds: None, sys.argv[1]);"
        "ctypes.PyDLL(None).sleep(60)"
    )
    done = subprocess.run([sys.executable, "-c", code, log], timeout=15, check=False)
    with open(log) as left:  # noqa: PTH123
        words = left.read()
    assert done.returncode == 1
    assert words.startswith(contract.TIMEOUT_DUMP)
    assert 'File "<string>", line 1 in <module>' in words

import os

import pytest

from tests.cluster import lock
from tests.cluster.errors import ClusterError


def test_the_holder_is_written_down(tmp_path):
    path = tmp_path / "cache" / "lock"
    with lock.held(path, print):
        assert path.read_text() == str(os.getpid())


def test_a_second_run_waits_and_says_for_whom(tmp_path):
    said = []
    path = tmp_path / "lock"
    with (
        pytest.raises(ClusterError, match=f"process {os.getpid()} has held the lock"),
        lock.held(path, said.append),
        lock.held(path, said.append, patience=0.01, pause=0.01),
    ):
        pass
    assert said == [f"another run (process {os.getpid()}) holds {path}: waiting for it"]


def test_the_lock_is_free_again_afterwards(tmp_path):
    for _ in range(2):
        with lock.held(tmp_path / "lock", print, patience=0):
            pass

import json
import os
import subprocess

import pytest

from tests.cluster import daemon
from tests.cluster.cache import Cache


@pytest.mark.parametrize(
    ("effective", "lacking"),
    [("000001ffffffffff", False), ("000001fffeffffff", True), ("0000000000000000", True)],
)
def test_the_missing_capability_is_read_from_the_kernel(effective, lacking):
    status = f"Name:\tpython\nCapPrm:\t{effective}\nCapEff:\t{effective}\nCapBnd:\t0\n"
    assert daemon.lacks_sys_resource(status) is lacking


@pytest.fixture
def cache(tmp_path):
    (tmp_path / "docker").mkdir()
    return Cache(tmp_path)


def test_only_what_was_recorded_is_ended(cache):
    assert daemon.stop(cache) is False


def test_a_process_that_got_the_number_later_is_left_alone(cache):
    child = subprocess.Popen(["sleep", "30"])
    try:
        record = {"pid": child.pid, "born": "1"}
        (cache.docker / "daemon.json").write_text(json.dumps(record))
        assert daemon.stop(cache) is False
        assert child.poll() is None
        assert not daemon.recorded(cache)
    finally:
        child.kill()
        child.wait()


def test_the_recorded_process_is_ended(cache):
    child = subprocess.Popen(["sleep", "30"])
    record = {"pid": child.pid, "born": daemon._born(child.pid)}
    (cache.docker / "daemon.json").write_text(json.dumps(record))
    assert daemon.stop(cache, patience=5) is True
    assert child.wait(5) < 0


def test_stale_files_go_and_those_of_a_living_daemon_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(daemon, "STATE", tmp_path)
    managed = tmp_path / "docker" / "containerd"
    managed.mkdir(parents=True)
    (tmp_path / "docker.pid").write_text(str(os.getpid()))  # alive, but not dockerd
    (tmp_path / "docker.sock").touch()
    (tmp_path / "other.sock").touch()
    (managed / "containerd.pid").write_text("999999999")
    (managed / "containerd.sock.ttrpc").touch()
    daemon._clear_stale()
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"other.sock"}

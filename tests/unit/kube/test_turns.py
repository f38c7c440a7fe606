import subprocess
import sys
from pathlib import Path

import pytest

from tests import turns

TESTS = Path(turns.__file__).parent
MODULES = sorted(
    (path for path in TESTS.rglob("test_*.py") if "bench" not in path.parts), key=turns.place
)


def test_what_needs_no_cluster_comes_beside_those_that_have_it_to_themselves():
    rooms = [path.relative_to(TESTS).parts[:-1] for path in MODULES]
    assert rooms[0] == ("e2e", "alone")
    assert rooms.index(("integration",)) < rooms.index(("e2e", "nodes")) < rooms.index(("e2e",))
    assert [turns.is_alone(path) for path in MODULES] == [r == ("e2e", "alone") for r in rooms]
    assert [turns.is_on_cluster(path) for path in MODULES] == [r[0] == "e2e" for r in rooms]


def test_a_folder_goes_to_one_process_and_others_go_by_module():
    def split(nodeid):
        return turns.Scheduling._split_scope(None, nodeid)

    assert {split(f"tests/e2e/nodes/test_{name}.py::test_it") for name in "ab"} == {
        "tests/e2e/nodes"
    }
    for module in ("tests/e2e/test_a.py", "tests/unit/api/test_a.py"):
        assert split(f"{module}::test_it[1::2]") == module


OTHER = """\
import fcntl, sys
with open(sys.argv[1], "a") as file:
    try:
        fcntl.flock(file, getattr(fcntl, sys.argv[2]) | fcntl.LOCK_NB)
    except BlockingIOError:
        print("waits")
"""


@pytest.mark.parametrize(
    ("alone", "other", "said"),
    [
        (False, "LOCK_SH", ""),
        (False, "LOCK_EX", "waits\n"),
        (True, "LOCK_SH", "waits\n"),
        (True, "LOCK_EX", "waits\n"),
    ],
)
def test_one_that_is_alone_waits_for_all_others(monkeypatch, tmp_path, alone, other, said):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    command = [sys.executable, "-c", OTHER, str(tmp_path / "falapp" / "turn"), other]
    turn = turns.Turns()
    with turn.taken(alone=alone):
        turn.take(alone=alone)  # it has it already
        assert subprocess.check_output(command, text=True) == said
    assert subprocess.check_output(command, text=True) == ""

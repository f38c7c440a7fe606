import threading
import time

import pytest

from tests.cluster.cache import Cache
from tests.cluster.errors import ClusterError, CommandError, Stopped
from tests.cluster.progress import Progress
from tests.cluster.run import Run, within


@pytest.fixture
def run(tmp_path):
    return Run(Cache(tmp_path), Progress(lambda _: None))


def test_what_a_command_prints_goes_to_its_log(run):
    run.call(["sh", "-c", "echo one; echo two >&2"], log="words")
    text = (run.cache.logs / "words.log").read_text()
    assert text == "$ sh -c 'echo one; echo two >&2'\none\ntwo\n"


def test_a_failure_shows_the_last_lines_and_where_all_of_them_are(run):
    with pytest.raises(CommandError) as caught:
        run.call(["sh", "-c", "seq 1 40; exit 3"], log="words")
    said = str(caught.value)
    assert "ended with 3" in said
    assert said.endswith("    39\n    40")
    assert "    20\n" not in said
    assert str(run.cache.logs / "words.log") in said


def test_a_command_that_takes_too_long_is_ended_with_its_children(run):
    began = time.monotonic()
    with pytest.raises(CommandError, match="did not end in time"):
        run.call(["sh", "-c", "sleep 60 & sleep 60"], log="words", timeout=0.1)
    assert time.monotonic() - began < 3


def test_a_missing_command_is_named(run):
    with pytest.raises(CommandError, match="no-such-command: there is no such command"):
        run.read(["no-such-command"])
    assert run.ask(["no-such-command"]) is None


def test_calls_side_by_side_give_their_answers_in_order(run):
    assert run.together(lambda: 1, lambda: 2) == [1, 2]


def test_the_first_failure_ends_the_other_commands(run):
    began = threading.Event()

    def long():
        began.set()
        run.call(["sleep", "60"], log="long")

    def failing():
        began.wait(2)
        run.call(["false"], log="failing")

    start = time.monotonic()
    with pytest.raises(CommandError, match="`false` ended with 1"):
        run.together(long, failing)
    assert time.monotonic() - start < 3


def test_nothing_is_started_once_a_run_is_being_ended(run):
    run.stop()
    with pytest.raises(Stopped):
        run.call(["true"], log="late")
    assert not issubclass(Stopped, ClusterError)


def test_asking_ends_with_the_first_yes_or_with_the_time():
    answers = iter([False, True])
    assert within(1, lambda: next(answers), pause=0)
    assert not within(0, lambda: False)

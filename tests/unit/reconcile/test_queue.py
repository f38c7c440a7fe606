"""The queue. Pauses are recorded and made a thousand times shorter."""

import asyncio
import contextlib
import logging

import pytest

from falapp_operator.errors import ConflictError, MissingError, TransientError
from falapp_operator.reconcile import queue as queues
from falapp_operator.reconcile.queue import Key, Queue, pause_after

A, B = Key("FalApp", "video", "a"), Key("FalApp", "video", "b")


class Recorder(Queue):
    """A queue that remembers its pauses."""

    def __init__(self, reconcile, **options):
        super().__init__(reconcile, **options)
        self.pauses = []

    def add_later(self, key, seconds):
        self.pauses.append((key, seconds))
        super().add_later(key, seconds / 1000)


@contextlib.asynccontextmanager
async def working(queue):
    work = asyncio.create_task(queue.run())
    try:
        yield queue
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


async def idle():
    """Let everything that is ready happen."""
    for _ in range(20):
        await asyncio.sleep(0)


class Work:
    """Passes that wait at a gate, and how many there were at once."""

    def __init__(self):
        self.started = []
        self.at_once = {}
        self.most_at_once = 0
        self.gate = asyncio.Event()

    async def __call__(self, key):
        self.started.append(key)
        self.at_once[key] = self.at_once.get(key, 0) + 1
        assert self.at_once[key] == 1
        self.most_at_once = max(self.most_at_once, sum(self.at_once.values()))
        try:
            await self.gate.wait()
        finally:
            self.at_once[key] -= 1


async def test_wakes_while_it_waits_count_as_one():
    work = Work()
    work.gate.set()
    queue = Queue(work)
    for _ in range(100):
        queue.add(A)
        queue.add(B)
    async with working(queue):
        await idle()
    assert work.started == [A, B]


async def test_wakes_while_it_is_worked_on_make_it_run_once_more():
    work = Work()
    async with working(Queue(work)) as queue:
        queue.add(A)
        await idle()
        assert work.started == [A]
        for _ in range(100):
            queue.add(A)
        await idle()
        assert work.started == [A]
        work.gate.set()
        await idle()
        assert work.started == [A, A]


async def test_different_keys_are_worked_on_side_by_side_up_to_the_workers(until):
    work = Work()
    keys = [Key("FalApp", "video", str(n)) for n in range(10)]
    async with working(Queue(work, workers=3)) as queue:
        for key in keys:
            queue.add(key)
        await idle()
        assert len(work.started) == 3
        work.gate.set()
        await until(lambda: len(work.started) == 10)
    assert work.started == keys
    assert work.most_at_once == 3


async def test_a_wake_goes_before_a_timer_and_replaces_it(until):
    seen = []

    async def work(key):
        seen.append(key)
        return 3600.0 if len(seen) < 3 else None

    async with working(Recorder(work)) as queue:
        queue.add(A)
        await idle()
        queue.add(A)
        await idle()
        queue.add_later(A, 1)
        await until(lambda: len(seen) == 3)
        await idle()
    assert queue.pauses == [(A, 3600.0), (A, 3600.0), (A, 1)]


async def test_a_wake_makes_the_timer_needless():
    seen = []

    async def work(key):
        seen.append(key)

    async with working(Queue(work)) as queue:
        queue.add_later(A, 0.005)
        queue.add(A)
        await asyncio.sleep(0.01)
    assert seen == [A]


async def test_a_pass_says_when_it_wants_the_next_one(until):
    answers = iter([300.0, None])
    seen = []

    async def work(key):
        seen.append(key)
        return next(answers)

    async with working(Recorder(work)) as queue:
        queue.add(A)
        await until(lambda: len(seen) == 2)
        await idle()
    assert queue.pauses == [(A, 300.0)]


@pytest.mark.parametrize(
    "error",
    [TransientError("no answer"), MissingError("gone"), ValueError("a bug"), TimeoutError()],
)
async def test_failures_are_tried_again_with_growing_pauses_until_one_succeeds(
    error, caplog, until
):
    answers = iter([error, error, error, None, error, None])
    seen = []

    async def work(key):
        seen.append(key)
        if answer := next(answers):
            raise answer

    async with working(Recorder(work)) as queue:
        queue.add(A)
        await until(lambda: len(seen) == 4)
        await idle()
        queue.add(A)
        await until(lambda: len(seen) == 6)
    assert [key for key, _ in queue.pauses] == [A] * 4
    for (_, pause), full in zip(queue.pauses, [1, 2, 4, 1], strict=True):
        assert 0.75 * full <= pause <= full
    bug = not isinstance(error, TransientError | MissingError)
    assert ("this is a bug" in caplog.text) == bug
    assert all(bool(record.exc_info) == bug for record in caplog.records)
    assert "FalApp video/a" in caplog.text


async def test_one_keys_failures_are_not_anothers(until):
    seen = []

    async def work(key):
        seen.append(key)
        if key == A and len(seen) < 8:
            raise TransientError("no answer")

    async with working(Recorder(work, workers=1)) as queue:
        queue.add(A)
        await until(lambda: seen.count(A) >= 3)
        queue.add(B)
        await until(lambda: B in seen)
    assert all(key == A for key, _ in queue.pauses)


async def test_a_bug_kills_no_worker(caplog, until):
    seen = []

    async def work(key):
        seen.append(key)
        raise KeyError("a bug")

    with caplog.at_level(logging.CRITICAL):
        async with working(Queue(work, workers=2)) as queue:
            for n in range(50):
                queue.add(Key("FalApp", "video", str(n)))
            await until(lambda: len(seen) == 50)


async def test_a_conflict_is_tried_again_at_once_and_quietly(caplog, until):
    answers = iter([ConflictError("modified"), ConflictError("modified"), None])
    seen = []

    async def work(key):
        seen.append(key)
        if answer := next(answers):
            raise answer

    async with working(Recorder(work)) as queue:
        queue.add(A)
        await until(lambda: len(seen) == 3)
    assert all(pause <= 0.5 for _, pause in queue.pauses)
    assert caplog.text == ""


async def test_a_conflict_that_stays_does_not_keep_the_operator_busy(until):
    async def work(key):
        raise ConflictError("modified")

    async with working(Recorder(work)) as queue:
        queue.add(A)
        await until(lambda: len(queue.pauses) == 8)
    assert queue.pauses[0][1] <= 0.1
    assert queue.pauses[-1][1] > 5


async def test_a_wake_during_a_failing_pass_is_not_lost(until):
    gate, seen = asyncio.Event(), []

    async def work(key):
        seen.append(key)
        if len(seen) == 1:
            await gate.wait()
            raise TransientError("no answer")

    async with working(Recorder(work)) as queue:
        queue.add(A)
        await idle()
        queue.add(A)
        gate.set()
        await until(lambda: len(seen) == 2)
    assert queue.pauses == []


async def test_the_pause_that_the_api_server_asks_for_is_kept(until):
    async def work(key):
        raise TransientError("429", pause=90.0)

    async with working(Recorder(work)) as queue:
        queue.add(A)
        await until(lambda: len(queue.pauses) == 2)
    assert [pause for _, pause in queue.pauses] == [90.0, 90.0]


async def test_stopping_ends_passes_and_timers():
    work = Work()
    async with working(Queue(work)) as queue:
        queue.add(A)
        queue.add_later(B, 0.01)
        await idle()
    await asyncio.sleep(0.02)
    assert work.started == [A]
    assert work.at_once == {A: 0}


@pytest.mark.parametrize(
    ("failures", "full"), [(0, 1), (1, 2), (5, 32), (8, 256), (9, 300), (16, 300), (10**6, 300)]
)
def test_pauses_grow_to_a_limit_and_differ(failures, full):
    pauses = [pause_after(failures) for _ in range(50)]
    assert 0.75 * full <= min(pauses) < max(pauses) <= full


def test_a_key_reads_well_in_a_log():
    assert str(A) == "FalApp video/a"
    assert queues.Key("Build", "", "env-1") != A

"""The queue: what goes first, what a standby keeps, and how it comes to an end."""

import asyncio

import pytest

from falapp_operator.errors import TransientError
from falapp_operator.reconcile.queue import Key, Queue
from tests.unit.reconcile.test_queue import A, B, Work, idle, working


async def test_new_goes_before_what_is_looked_at_again_and_neither_stands():
    seen = []

    async def work(key):
        seen.append(key.name)

    queue = Queue(work, workers=1)
    for n in range(20):
        queue.add(Key("FalApp", "video", f"old-{n}"), slow=True)
    for n in range(20):
        queue.add(Key("FalApp", "video", f"new-{n}"))
    async with working(queue):
        await idle()
        await idle()
        await idle()
    first = seen[:22]
    assert [name for name in first if name.startswith("new")] == [f"new-{n}" for n in range(20)]
    assert [name for name in first if name.startswith("old")] == ["old-0", "old-1"]
    assert len(seen) == len(set(seen)) == 40


@pytest.mark.parametrize("slow_first", [True, False])
async def test_news_of_what_waits_in_the_slow_lane_bring_it_forward(slow_first):
    seen = []

    async def work(key):
        seen.append(key)

    queue = Queue(work, workers=1)
    queue.add(B, slow=True)
    for slow in (slow_first, not slow_first):
        queue.add(A, slow=slow)
    async with working(queue):
        await idle()
    assert seen == [A, B]


async def test_what_a_slow_pass_wakes_is_slow(until):
    """A machine type that is looked at again wakes all its apps: a new one waits for none."""
    seen, new, gate = [], Key("FalApp", "video", "new"), asyncio.Event()

    async def work(key):
        if key == A:
            for n in range(20):
                queue.add(Key("FalApp", "video", str(n)))
        seen.append(key)
        await gate.wait()

    queue = Queue(work, workers=1)
    queue.add(A, slow=True)
    async with working(queue):
        await until(lambda: A in seen)
        queue.add(new)
        gate.set()
        await until(lambda: len(seen) == 22)
    assert seen.index(new) <= 2


async def test_a_standby_knows_what_happened_last(monkeypatch):
    """What happened long before it took over is not urgent any more."""
    seen = []

    async def work(key):
        seen.append(key)

    queue = Queue(work, workers=1)
    queue.add(A)
    queue.add(B)
    monkeypatch.setitem(queue._fast, A, asyncio.get_running_loop().time() - 61)
    async with working(queue):
        await idle()
    assert seen == [B, A]


async def test_what_is_gone_is_not_looked_at():
    work = Work()
    work.gate.set()
    queue = Queue(work)
    for slow in (True, False):
        queue.add(A, slow=slow)
        queue.forget(A)
    queue.forget(B)
    async with working(queue):
        await idle()
    assert work.started == []


async def test_draining_finishes_what_runs_and_begins_nothing():
    work = Work()
    queue = Queue(work, workers=1)
    task = asyncio.create_task(queue.run())
    queue.add(A)
    queue.add(B)
    await idle()
    assert queue.longest >= 0.0
    queue.drain()
    await idle()
    assert not task.done()
    work.gate.set()
    await asyncio.wait_for(task, 5)
    assert work.started == [A]
    assert queue.longest == 0.0


async def test_an_idle_queue_drains_at_once():
    queue = Queue(Work())
    task = asyncio.create_task(queue.run())
    await idle()
    queue.drain()
    await asyncio.wait_for(task, 5)


async def test_a_group_of_errors_kills_no_worker(until):
    seen = []

    async def work(key):
        seen.append(key)
        raise ExceptionGroup("several", [TransientError("one"), ValueError("two")])

    async with working(Queue(work, workers=1)) as queue:
        queue.add(A)
        queue.add(B)
        await until(lambda: len(seen) == 2)

"""Websockets while a runner drains: what is being answered is answered whole."""

import asyncio
import time

import pytest
import websockets


def connect(runner):
    return websockets.connect(f"ws://127.0.0.1:{runner.app_port}/sleeps", proxy=None)


async def code_of(client):
    async with asyncio.timeout(15):
        await client.wait_closed()
    return client.close_code


def test_an_answer_is_whole_and_an_idle_client_is_told_to_go(run):
    runner = run("takes_its_time.py", grace="20")
    runner.wait_for("Ready")

    async def talk():
        async with connect(runner) as idle, connect(runner) as busy:
            await idle.send("0")
            assert await idle.recv() == "slept 0"
            await busy.send("4.5")
            await asyncio.sleep(0.2)
            runner.terminate()
            began = time.monotonic()
            assert await code_of(idle) == 1012
            assert time.monotonic() - began < 4
            with pytest.raises(OSError, match=r"refused|failed"):
                await connect(runner)
            assert await busy.recv() == "slept 4.5"
            assert time.monotonic() - began > 4
            assert await code_of(busy) == 1012

    asyncio.run(talk())
    assert runner.end() == 0, runner.errors


def test_a_session_that_takes_all_of_the_time_ends_before_teardown(run):
    runner = run("takes_its_time.py", grace="3")
    runner.wait_for("Ready")

    async def talk():
        async with connect(runner) as busy:
            await busy.send("60")
            await asyncio.sleep(0.2)
            runner.terminate()
            began = time.monotonic()
            assert await code_of(busy) == 1012
            assert 1.5 < time.monotonic() - began < 3

    asyncio.run(talk())
    assert runner.end() == 0, runner.errors

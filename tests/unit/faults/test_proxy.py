"""The proxy between an asker and a small API server on the loopback interface."""

import json
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.faults.controlplane import Server
from tests.faults.faults import (
    BUSY,
    Answered,
    Committed,
    Cut,
    Dropped,
    Expired,
    Killed,
    Late,
    every,
    once,
    watches,
    writes,
)
from tests.faults.proxy import Proxy

JOBS = "/apis/batch/v1/namespaces/a/jobs"
EVENTS = 6


class Upstream:
    """Makes every Job it is asked for, and tells of as many events as there are."""

    def __init__(self):
        self.made = []
        self.app = web.Application()
        self.app.router.add_get(JOBS, self._watch)
        self.app.router.add_post(JOBS, self._make)

    async def _make(self, request):
        self.made.append(await request.json())
        return web.json_response({"kind": "Job"}, status=201)

    async def _watch(self, request):
        response = web.StreamResponse()
        await response.prepare(request)
        for n in range(1, EVENTS + 1):
            event = {"type": "ADDED", "object": {"n": n, "long": "x" * 200_000}}
            await response.write(json.dumps(event).encode() + b"\n")
        return response


@pytest.fixture
async def upstream():
    made = Upstream()
    runner = web.AppRunner(made.app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def proxy(upstream):
    async with aiohttp.ClientSession(base_url=upstream.url) as session:
        made = Proxy(Server(url=upstream.url, token="t", authority=Path("none")), session)
        made.url = (await made.start()).url
        yield made
        await made.stop()


async def create(proxy):
    """Ask for a Job; return the answer's status, or None where there is none."""
    try:
        async with aiohttp.request("POST", proxy.url + JOBS, json={"a": 1}) as answer:
            await answer.read()
            return answer.status
    except aiohttp.ClientError:
        return None


async def watched(proxy):
    """Watch Jobs; return the numbers of the events that come, those of errors negative."""
    seen = []
    try:
        async with aiohttp.request("GET", f"{proxy.url}{JOBS}?watch=true") as answer:
            text = b""
            async for chunk in answer.content.iter_any():
                text += chunk
                *whole, text = text.split(b"\n")
                events = [json.loads(line) for line in whole]
                seen += [e["object"].get("n", -e["object"].get("code", 0)) for e in events]
    except aiohttp.ClientError:
        seen.append("lost")
    return seen


@pytest.mark.parametrize(
    ("fault", "answers", "made"),
    [
        (lambda: None, [201, 201, 201], 3),
        (lambda: Answered(once(2), writes, BUSY), [201, 429, 201], 2),
        (lambda: Committed(every(2), writes), [201, None, 201], 3),
    ],
    ids=["none", "refused", "lost"],
)
async def test_writes_are_counted_and_struck(proxy, upstream, fault, answers, made):
    proxy.fault = fault() or proxy.fault
    assert [await create(proxy) for _ in answers] == answers
    assert len(upstream.made) == made
    assert len(proxy.seen.writes) == proxy.seen.jobs == made


async def test_whoever_asks_is_killed_after_the_write_and_hears_nothing(proxy, upstream):
    killed = []

    async def kill():
        killed.append(len(upstream.made))

    proxy.fault = Killed(once(2), writes, kill)
    assert [await create(proxy) for _ in range(3)] == [201, None, 201]
    assert killed == [2]
    assert proxy.fault.struck == 1


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (lambda: Dropped(every(2), watches("jobs")), [1, 3, 5]),
        (lambda: Dropped(every(2), watches("pods")), [1, 2, 3, 4, 5, 6]),
        (lambda: Cut(once(3), watches()), [1, 2, "lost"]),
        (lambda: Expired(every(4), watches()), [1, 2, 3, -410, 5, 6]),
        (lambda: Late(once(2), watches(), 0.01), [1, 2, 3, 4, 5, 6]),
    ],
    ids=["dropped", "of others", "cut", "expired", "late"],
)
async def test_events_are_struck(proxy, fault, seen):
    proxy.fault = fault()
    assert await watched(proxy) == seen

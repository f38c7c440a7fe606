"""What the API server asks for when it has too much to do, and what is not sent at all."""

import asyncio

import pytest

from falapp_operator import errors
from falapp_operator.cluster.client import Client
from tests.unit.network.conftest import connected
from tests.unit.network.test_client import CALLS, DEPLOYMENT, OBJECT


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def patient(client, pauses):
    """A client that notes how long it would wait."""

    async def sleep(seconds):
        pauses.append(seconds)

    return Client(client._connection, sleep=sleep)


@pytest.mark.parametrize("name", sorted(CALLS))
@pytest.mark.parametrize(
    ("answer", "seconds"), [((429, "3"), 3), ((503, "2"), 2), ((429, None), 1), ((500, "1"), 1)]
)
async def test_it_is_asked_again_after_the_pause_that_it_names(
    server, patient, pauses, name, answer, seconds
):
    status, header = answer
    headers = {"Retry-After": header} if header else {}
    server.answers = [(status, headers), (status, headers)]
    server.answer = OBJECT | {"items": []}
    await CALLS[name](patient)
    assert len(server.requests) == 3
    assert len(pauses) == 2
    assert all(seconds <= pause <= 1.25 * seconds for pause in pauses)


async def test_after_a_few_tries_the_queue_is_told_how_long_to_wait(server, patient, pauses):
    server.answers = [(429, {"Retry-After": "5"})] * 9
    with pytest.raises(errors.TransientError, match="429 too much") as raised:
        await patient.get(DEPLOYMENT)
    assert (len(server.requests), len(pauses), raised.value.pause) == (3, 2, 5.0)


@pytest.mark.parametrize(
    ("header", "pause"), [("60", 60.0), ("99999", 3600.0), ("1e999", 3600.0), ("nan", 3600.0)]
)
async def test_a_long_pause_is_the_queues_business(server, patient, pauses, header, pause):
    server.answers = [(429, {"Retry-After": header})]
    with pytest.raises(errors.TransientError) as raised:
        await patient.apply(OBJECT)
    assert (pauses, raised.value.pause) == ([], pause)


@pytest.mark.parametrize("header", ["0", "-5", "soon", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_a_pause_that_makes_no_sense_is_a_short_one(server, patient, pauses, header):
    server.answers = [(429, {"Retry-After": header})]
    server.answer = OBJECT
    assert await patient.get(DEPLOYMENT) == OBJECT
    assert len(pauses) == 1
    assert 1.0 <= pauses[0] <= 1.25


@pytest.mark.parametrize(("status", "headers"), [(503, {}), (500, {}), (409, {"Retry-After": "1"})])
async def test_what_asks_for_no_pause_is_not_tried_again_here(server, patient, status, headers):
    server.answers = [(status, headers)]
    with pytest.raises(errors.TransientError) as raised:
        await patient.apply(OBJECT)
    assert (len(server.requests), raised.value.pause) == (1, 0.0)


async def test_who_waits_keeps_nobody_from_asking(server, client):
    waiting, go = asyncio.Event(), asyncio.Event()

    async def sleep(_seconds):
        waiting.set()
        await go.wait()

    alone = Client(client._connection, in_flight=1, sleep=sleep)
    server.answers = [(429, {"Retry-After": "9"})]
    server.answer = OBJECT
    first = asyncio.create_task(alone.get(DEPLOYMENT))
    await asyncio.wait_for(waiting.wait(), 5)
    assert await asyncio.wait_for(alone.get(DEPLOYMENT), 5) == OBJECT
    assert not first.done()
    go.set()
    assert await asyncio.wait_for(first, 5) == OBJECT


async def test_behind_the_fence_nothing_is_written_and_everything_read(server, client):
    def fence():
        raise errors.FencedError("another one leads")

    fenced = Client(client._connection, fence=fence)
    server.answer = OBJECT | {"items": []}
    for name, call in CALLS.items():
        if name in ("get", "list"):
            await call(fenced)
        else:
            with pytest.raises(errors.FencedError):
                await call(fenced)
    assert [request.method for request in server.requests] == ["GET", "GET"]


async def test_a_write_that_waited_meets_the_fence_again(server, client):
    """Between the tries the Lease may be lost."""
    held = [True]

    def fence():
        if not held:
            raise errors.FencedError("another one leads")

    async def sleep(_seconds):
        held.clear()

    fenced = Client(client._connection, fence=fence, sleep=sleep)
    server.answers = [(429, {})]
    with pytest.raises(errors.FencedError):
        await fenced.apply(OBJECT)
    assert len(server.requests) == 1


async def test_a_write_that_waited_for_its_connection_meets_the_fence_once_more(server):
    """The process may have been paused since it was looked for: nothing of it is sent."""

    def fence():
        raise errors.FencedError("another one leads")

    client = connected(server.url, fence)
    server.answer = OBJECT
    assert await client.get(DEPLOYMENT) == OBJECT
    with pytest.raises(errors.FencedError):
        await client.apply(OBJECT)
    assert [request.method for request in server.requests] == ["GET"]
    await client.close()

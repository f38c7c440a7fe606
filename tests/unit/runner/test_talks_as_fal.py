"""Websockets and all modes of realtime, behind fal's own server and behind ours."""

import asyncio

import msgpack
import pytest
import websockets

from tests.unit.runner import pair


@pytest.fixture(scope="module")
def both():
    with pair.catalogue() as start:
        yield start


def pack(*messages):
    return [msgpack.packb(message) for message in messages]


TALKS = [
    ("echo", ["one", "two", "end"]),
    ("breaks", []),
    ("unary", pack({"number": 1}, {"number": 2})),
    ("unary", pack({"wrong": 1})),
    ("unary", [b"\xc1"]),
    ("batched", pack({"number": 3}, {"number": 4})),
    ("dict", pack({"a": [1, "é", None]})),
    ("server", pack({"number": 3})),
    ("server-sync", pack({"number": 5})),
    ("client", pack({"number": 1}, {"number": 5})),
    ("both", pack({"number": 1}, {"number": 5})),
    ("fails", pack({"number": 1})),
    ("nowhere", []),
]


async def talk(port, path, messages, **headers):
    """Return all that is said in a websocket, and how it ends."""
    heard = []
    url = f"ws://127.0.0.1:{port}/{path}"
    try:
        async with websockets.connect(url, additional_headers=headers, proxy=None) as socket:
            for message in messages:
                await socket.send(message)
            async with asyncio.timeout(5):
                while True:
                    heard.append(await socket.recv())
    except websockets.InvalidStatus as error:
        return error.response.status_code
    except websockets.ConnectionClosed as error:
        return heard, error.rcvd and (error.rcvd.code, error.rcvd.reason)


@pytest.mark.parametrize(("path", "messages"), TALKS)
def test_websockets_and_realtime(both, path, messages, capfd):
    fals, ours = both("talks.py", "Talks")
    expected = asyncio.run(talk(fals.port, path, messages))
    assert asyncio.run(talk(ours.port, path, messages)) == expected


def test_a_websocket_with_an_upload_policy_is_refused(both):
    fals, ours = both("talks.py", "Talks")
    given = {"X-App-Fal-Upload-Policy": "{}"}
    assert asyncio.run(talk(fals.port, "echo", [], **given)) == 403
    assert asyncio.run(talk(ours.port, "echo", [], **given)) == 403

"""What our server does that fal's does not: the queue, timeouts, clients that go away, metrics."""

import asyncio
import concurrent.futures
import contextlib
import json
import socket
import time

import pytest
import websockets

from falapp_runner.serving import admission, sessions
from tests.unit.runner import pair

JSON = {"content_type": "application/json"}


def sleep(seconds):
    return json.dumps({"seconds": seconds}).encode()


@pytest.fixture
def serve():
    with contextlib.ExitStack() as stack:
        yield lambda **environ: stack.enter_context(
            pair.ours(pair.load("takes_its_time.py").Slow, **environ)
        )


def until(what):
    deadline = time.monotonic() + 10
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return found


def asked(served):
    return json.loads(served.ask("POST", "/check").body)


def ask_many(served, count, path="/async", seconds=0.1):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(
            pool.map(lambda _: served.ask("POST", path, sleep(seconds), **JSON), range(count))
        )


def test_no_more_at_once_than_the_class_says(serve):
    served = serve()
    assert {answer.status for answer in ask_many(served, 8)} == {200}
    assert asked(served)["most"] == 2


def test_the_falapp_wins_over_the_class(serve):
    served = serve(FALAPP_MAX_MULTIPLEXING="5")
    ask_many(served, 8)
    assert asked(served)["most"] == 5


def test_beyond_the_queue_there_is_429(serve):
    served = serve(FALAPP_MAX_MULTIPLEXING="1", FALAPP_MAX_QUEUED="2")
    answers = ask_many(served, 8, seconds=0.5)
    refused = [answer for answer in answers if answer.status == 429]
    assert len(refused) == 5
    assert sum(answer.status == 200 for answer in answers) == 3
    assert refused[0].header("retry-after") == "1"
    assert refused[0].header("x-fal-billable-units") == "0"
    assert "send it again later" in json.loads(refused[0].body)["detail"]


def test_health_checks_do_not_wait(serve):
    served = serve(FALAPP_MAX_MULTIPLEXING="1")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        slow = pool.submit(served.ask, "POST", "/sync", sleep(1), **JSON)
        until(lambda: served.counts.in_flight())
        assert served.app.busy
        began = time.monotonic()
        assert served.ask("POST", "/check").status == 200
        assert served.ask("GET", "/health").status == 200
        assert time.monotonic() - began < 0.5
        assert slow.result().status == 200
    assert not served.app.busy


def leave(served, path, seconds):
    body = sleep(seconds)
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        until(lambda: served.counts.in_flight() + served.counts.queued())


def test_a_client_that_goes_away_cancels_its_request(serve):
    served = serve()
    leave(served, "/async", 60)
    until(lambda: asked(served)["cancelled"])
    until(lambda: not served.counts.in_flight())
    assert 'falapp_requests_total{endpoint="/async",status="499"} 1' in served.counts.render()


def test_what_waits_is_cancelled_too(serve):
    served = serve(FALAPP_MAX_MULTIPLEXING="1")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        first = pool.submit(served.ask, "POST", "/sync", sleep(0.6), **JSON)
        until(served.counts.in_flight)
        with socket.create_connection(("127.0.0.1", served.port)) as client:
            client.sendall(b"POST /async HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
            until(served.counts.queued)
        until(lambda: not served.counts.queued())
        assert first.result().status == 200


def test_a_thread_keeps_its_slot_when_its_client_is_gone(serve):
    served = serve(FALAPP_MAX_MULTIPLEXING="1")
    leave(served, "/sync", 0.7)
    time.sleep(0.1)
    assert served.counts.in_flight() == 1
    assert served.ask("POST", "/sync", sleep(0), **JSON).status == 200
    assert not served.lost


def test_an_endpoint_is_cancelled_when_its_time_is_over(serve):
    served = serve(FALAPP_REQUEST_TIMEOUT="0.2")
    answer = served.ask("POST", "/async", sleep(60), **JSON)
    assert answer.status == 504
    assert answer.header("x-fal-error-type") == "request_timeout"
    assert asked(served)["cancelled"] == 1
    assert served.counts.in_flight() == 0
    assert not served.lost


def test_a_thread_that_cannot_be_ended_costs_the_runner(serve):
    served = serve(FALAPP_REQUEST_TIMEOUT="0.2")
    began = time.monotonic()
    answer = served.ask("POST", "/sync", sleep(1.0), **JSON)
    assert answer.status == 504
    assert time.monotonic() - began < 0.9
    assert "cannot be ended" in served.lost[0]
    until(lambda: not served.counts.in_flight())


@pytest.mark.parametrize("sent", [b"", b'{"sec'])
@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_an_upload_that_stalls_costs_no_runner(serve, path, sent):
    served = serve(FALAPP_REQUEST_TIMEOUT="0.2", FALAPP_MAX_MULTIPLEXING="1")
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as client:
        client.sendall(f"{head}content-length: 900\r\n\r\n".encode() + sent)
        assert client.recv(12) == b"HTTP/1.1 504"
        until(lambda: not served.counts.in_flight())
    assert not served.lost
    assert served.ask("POST", "/sync", sleep(0), **JSON).status == 200


def test_a_client_is_noticed_to_leave_after_background_tasks(serve):
    served = serve()
    body = sleep(60)
    head = "POST /async HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(b"POST /afterwards HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"
        client.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        until(lambda: served.counts.in_flight() == 2)
        until(lambda: served.counts.in_flight() == 1)
    until(lambda: asked(served)["cancelled"])


def test_who_left_the_queue_may_be_passed_over():
    async def leave_both():
        slots = admission.Slots(1, 1)
        slots.take()
        waits = asyncio.create_task(slots.wait())
        await asyncio.sleep(0)
        waits.cancel()
        slots.leave()
        with pytest.raises(asyncio.CancelledError):
            await waits
        assert (slots.in_flight, slots.queued) == (0, 0)

    asyncio.run(leave_both())


def test_requests_of_one_after_another_have_each_their_time(serve):
    served = serve(FALAPP_REQUEST_TIMEOUT="0.4")
    for _ in range(3):
        assert served.ask("POST", "/async", sleep(0.25), **JSON).status == 200


def test_503_and_the_stop_header_cost_the_runner(serve, capfd):
    served = serve()
    assert served.ask("POST", "/gpu").status == 503
    assert "/gpu answered 503" in served.lost[0]
    answer = served.ask("POST", "/stop")
    assert answer.header("x-fal-stop-runner") is None
    assert "/stop answered x-fal-stop-runner" in served.lost[1]


def test_websockets_take_slots_and_are_refused(serve):
    served = serve(FALAPP_MAX_MULTIPLEXING="1", FALAPP_MAX_QUEUED="0")
    url = f"ws://127.0.0.1:{served.port}/talk"

    async def talk():
        async with websockets.connect(url, proxy=None) as first:
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(url, proxy=None)
            assert refused.value.response.status_code == 429
            await first.send("bye")
            await first.wait_closed()

    asyncio.run(talk())
    until(lambda: not served.counts.in_flight())
    assert 'falapp_requests_total{endpoint="/talk",status="101"} 1' in served.counts.render()


def test_a_websocket_that_waits_is_noticed_to_leave(serve, caplog):
    served = serve(FALAPP_MAX_MULTIPLEXING="1")
    head = "GET /talk HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    asks = f"{head}sec-websocket-version: 13\r\nsec-websocket-key: {'A' * 22}==\r\n\r\n"

    async def talk():
        async with websockets.connect(f"ws://127.0.0.1:{served.port}/talk", proxy=None) as first:
            for _ in range(2):
                with socket.create_connection(("127.0.0.1", served.port)) as client:
                    client.sendall(asks.encode())
                    until(served.counts.queued)
                until(lambda: not served.counts.queued())
            assert served.counts.in_flight() == 1
            await first.send("bye")
            await first.wait_closed()

    asyncio.run(talk())
    until(lambda: not served.counts.in_flight())
    text = served.counts.render()
    assert 'falapp_requests_total{endpoint="/talk",status="499"} 2' in text
    assert 'falapp_requests_total{endpoint="/talk",status="101"} 1' in text
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_websocket_may_leave_in_the_moment_of_its_turn():
    async def leave():
        slots = admission.Slots(1, 1)
        slots.take()
        session = sessions.Session(None, None)
        waits = asyncio.current_task()
        asyncio.get_running_loop().call_soon(slots.leave)
        asyncio.get_running_loop().call_soon(session.client_gone)
        assert not await session.turn(slots)
        assert (slots.in_flight, slots.queued) == (0, 0)
        assert not waits.cancelling()

    asyncio.run(leave())


def test_a_request_id_is_taken_or_made(serve):
    served = serve()
    assert served.ask("POST", "/check", x_fal_request_id="mine").header("x-fal-request-id") == (
        "mine"
    )
    made = {served.ask("POST", "/check").header("x-fal-request-id") for _ in range(2)}
    assert len(made) == 2
    assert {len(one) for one in made} == {36}


def test_one_line_for_each_request_if_asked(serve, capfd):
    served = serve(FALAPP_ACCESS_LOG="1")
    served.ask("POST", "/check", x_fal_request_id="mine")
    line = until(lambda: [text for text in capfd.readouterr().out.splitlines() if "mine" in text])
    said = json.loads(line[0])
    assert said["message"] == "POST /check"
    assert said["status"] == 200
    assert said["request_id"] == "mine"


def test_no_line_unless_asked(serve, capfd):
    serve().ask("POST", "/check")
    assert capfd.readouterr().out == ""


def test_a_draining_runner_closes_connections(serve):
    served = serve()
    served.app.drain()
    assert served.ask("POST", "/check").header("connection") == "close"


def test_metrics(serve):
    served = serve()
    served.ask("POST", "/async", sleep(0.02), **JSON)
    served.ask("POST", "/made-up")
    text = served.counts.render()
    assert 'falapp_requests_total{endpoint="/async",status="200"} 1' in text
    assert 'falapp_requests_total{endpoint="other",status="404"} 1' in text
    assert "made-up" not in text
    assert 'falapp_request_seconds_bucket{endpoint="/async",le="0.01"} 0' in text
    assert 'falapp_request_seconds_bucket{endpoint="/async",le="+Inf"} 1' in text
    assert "falapp_requests_in_flight 0" in text
    assert 'falapp_state{state="Loading"} 1' in text

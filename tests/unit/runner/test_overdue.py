"""What a request's time limit ends, what it does not, and what the caller hears of it."""

import contextlib
import json
import socket
import time

import pytest

from falapp_runner.serving import application
from tests.unit.runner import pair

JSON = {"content_type": "application/json"}


@pytest.fixture
def serve(monkeypatch):
    monkeypatch.setattr(application, "NEVER_ENDS", 0.1)
    with contextlib.ExitStack() as stack:
        yield lambda **environ: stack.enter_context(
            pair.ours(pair.load("takes_its_time.py").Slow, FALAPP_REQUEST_TIMEOUT="0.5", **environ)
        )


def free_again(served):
    deadline = time.monotonic() + 10
    while served.counts.in_flight():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("path", ["/answers-its-end", "/raises-at-its-end", "/refuses-its-end"])
def test_whatever_an_endpoint_makes_of_its_end_the_caller_hears_of_its_time(serve, path):
    served = serve()
    answer = served.ask("POST", path, x_fal_request_id="mine")
    assert answer.status == 504
    assert answer.header("x-fal-error-type") == "request_timeout"
    assert answer.header("x-fal-request-id") == "mine"
    assert "took longer than 0.5 s" in json.loads(answer.body)["detail"]
    assert not served.counts.in_flight()
    assert not served.lost


def test_the_answer_of_a_thread_that_is_late_has_its_own_id(serve):
    served = serve()
    assert served.ask("POST", "/sync", b"{}", x_fal_request_id="first", **JSON).status == 200
    answer = served.ask("POST", "/sync", b'{"seconds": 1}', x_fal_request_id="late", **JSON)
    assert answer.status == 504
    assert answer.header("x-fal-request-id") == "late"
    free_again(served)


def test_background_tasks_are_not_the_requests(serve):
    served = serve()
    began = time.monotonic()
    assert served.ask("POST", "/afterwards?seconds=1").status == 200
    assert served.counts.in_flight()
    free_again(served)
    assert time.monotonic() - began > 0.9
    assert not served.lost


def test_a_client_that_does_not_read_costs_neither_slot_nor_runner(serve):
    served = serve()
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(b"POST /large HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"
        free_again(served)
        time.sleep(0.2)
    assert not served.lost

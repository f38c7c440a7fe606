"""What a request's time limit ends, what it does not, and what the caller hears of it."""

import contextlib
import socket
import time

import pytest

from falapp_runner.serving import application
from tests.unit.runner import pair


@pytest.fixture
def serve(monkeypatch):
    monkeypatch.setattr(application, "NEVER_ENDS", 0.1)
    with contextlib.ExitStack() as stack:
        yield lambda **environ: stack.enter_context(
            pair.ours(pair.load("takes_its_time.py").Slow, FALAPP_REQUEST_TIMEOUT="0.2", **environ)
        )


def free_again(served):
    deadline = time.monotonic() + 10
    while served.counts.in_flight():
        assert time.monotonic() < deadline
        time.sleep(0.005)


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

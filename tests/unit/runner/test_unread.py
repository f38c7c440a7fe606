"""An answer arrives whole, also where nobody reads what the client still sends."""

import socket
import time

import pytest

from falapp_runner.serving import unread
from tests.unit.runner import pair

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
SIZE = 5 * 200_000 + 2


def answered(port, late):
    """Send a request whose body comes ``late``, and return the body of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(HEAD)
        time.sleep(0.3)
        if late:
            connection.sendall(late)
            time.sleep(0.3)  # a reset would be here by now
        with connection.makefile("rb") as file:
            return file.read().partition(b"\r\n\r\n")[2]


def test_a_body_that_comes_after_the_answer_costs_nothing_of_it():
    with pair.ours(pair.load("says_much.py").Much) as served:
        assert len(answered(served.port, b"{}")) == SIZE


def test_a_body_that_never_comes_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr(unread, "PATIENCE", 0.2)
    with pair.ours(pair.load("says_much.py").Much) as served:
        began = time.monotonic()
        assert len(answered(served.port, b"")) == SIZE
        assert time.monotonic() - began < 5


def test_fals_own_server_loses_it():
    """It closes at once, and what comes late is answered with a reset: that is what this is for."""
    much = pair.load("says_much.py").Much
    with pair.fals(much) as served, pytest.raises(ConnectionError):
        answered(served.port, b"{}")

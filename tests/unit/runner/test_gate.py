import http.client
import json
import socket

import pytest

from falapp_runner import gate, port, state
from falapp_runner.state import State


@pytest.fixture(scope="module")
def served():
    life = state.Life([].append)
    server = gate.Gate(life, 0)
    server.start()
    yield life, server.port
    server.close()


def ask(number: int, path: str, method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", number, timeout=5)
    connection.request(method, path)
    with connection.getresponse() as answer:
        body = answer.read()
    connection.close()
    return answer.status, body


def test_probes_follow_the_state():
    life = state.Life([].append)
    server = gate.Gate(life, 0)
    server.start()
    number = server.port
    for step in (None, State.SETUP, State.READY, State.DRAINING, State.STOPPED):
        if step:
            life.enter(step)
        codes = tuple(ask(number, path)[0] for path in ("/startup", "/ready", "/live"))
        assert codes == state.CODES[life.state]
    server.close()


def test_state_is_json(served):
    life, number = served
    code, body = ask(number, "/state")
    assert code == 200
    assert json.loads(body) == life.report()


def test_a_probe_names_the_state(served):
    assert ask(served[1], "/startup?verbose") == (503, b'{"state": "Loading"}')


def test_head_has_no_body(served):
    assert ask(served[1], "/live", "HEAD") == (200, b"")


def test_other_paths_are_told_which_there_are(served):
    code, body = ask(served[1], "/health")
    assert code == 404
    assert b"/startup, /ready, /live, /state" in body


def test_a_client_that_says_nothing_keeps_nobody_waiting(served):
    _, number = served
    with socket.create_connection(("127.0.0.1", number)):
        assert ask(number, "/live")[0] == 200


def test_a_client_that_hangs_up_leaves_no_word(served, capfd):
    _, number = served
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", number)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.sendall(b"GET /live HTTP/1.1\r\n")
    assert ask(number, "/live")[0] == 200
    assert capfd.readouterr() == ("", "")


def test_a_taken_port_is_named(served):
    with pytest.raises(port.PortTakenError, match=str(served[1])):
        gate.Gate(served[0], served[1])

"""`falapp call`: through a real socket, to a server that stands for the runner."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from falapp_cli.errors import ClusterError
from falapp_cli.kube import call
from falapp_cli.kube.client import Kube
from falapp_cli.main import run
from tests.unit.cli.conftest import ready
from tests.unit.cli.test_cluster import pod


class App(BaseHTTPRequestHandler):
    """What answers at the other end of a port-forward."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(400 if self.path == "/bad" else 200)
        self.end_headers()
        self.wfile.write(self.path.encode() + b" " + body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def forwarded(monkeypatch):
    """Port-forwards lead to an app of this process; the real way is for the cluster to test."""
    app = HTTPServer(("127.0.0.1", 0), App)
    threading.Thread(target=app.serve_forever, daemon=True).start()
    asked = []

    def forward(_, namespace, name, port):
        asked.append((namespace, name, port))
        return socket.create_connection(app.server_address)

    monkeypatch.setattr(Kube, "forward", forward)
    yield asked
    app.shutdown()
    app.server_close()


def test_call(server, capsysbinary, tmp_path, forwarded):
    file = tmp_path / "body.json"
    file.write_text('{"y": 2}')
    assert run(["call", "hello"]) == 4
    assert b"has no ready runner" in capsysbinary.readouterr().err
    server.cluster.put(pod("hello-1"))
    assert run(["call", "hello", "predict", "--data", '{"x": 1}']) == 0
    assert capsysbinary.readouterr().out == b'/predict {"x": 1}'
    assert run(["call", "hello", "/", "--data", f"@{file}"]) == 0
    assert capsysbinary.readouterr().out == b'/ {"y": 2}'
    assert run(["call", "hello", "/bad"]) == 1
    ended = capsysbinary.readouterr()
    assert ended.out == b"/bad {}"
    assert b"hello answered 400" in ended.err
    assert forwarded[0] == ("video", "hello-1", 8080)


@pytest.mark.parametrize(
    "head", ["Content-Length: 20", "Transfer-Encoding: chunked"], ids=["length", "chunked"]
)
def test_an_answer_that_breaks_off_is_told(server, monkeypatch, capsysbinary, head):
    server.cluster.put(pod("hello-1"))
    mine, theirs = socket.socketpair()
    body = "half" if "Length" in head else "14\r\nhalf"
    theirs.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}".encode())
    theirs.shutdown(socket.SHUT_WR)
    monkeypatch.setattr(Kube, "forward", lambda *_: mine)
    with mine, theirs:
        assert run(["call", "hello"]) == 4
    assert b"the answer broke off after" in capsysbinary.readouterr().err


def test_a_runner_that_hangs_up_is_told(server, monkeypatch):
    server.cluster.put(pod("hello-1"))
    mine, theirs = socket.socketpair()
    theirs.close()
    monkeypatch.setattr(Kube, "forward", lambda *_: mine)
    with pytest.raises(ClusterError, match="runner hello-1 does not answer"):
        call.call(Kube.connect(), ready(), "POST", "/", b"{}", 5)

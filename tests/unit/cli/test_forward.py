"""A port of a pod, over the API server's websocket, as kubelets speak it."""

import contextlib
import threading

import pytest
import yaml
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from falapp_cli.errors import ClusterError, ForbiddenError
from falapp_cli.kube import call
from falapp_cli.kube.client import Kube
from tests.unit.cli.conftest import ready
from tests.unit.cli.test_cluster import pod

DATA, ERROR = b"\x00", b"\x01"
PORT = (8080).to_bytes(2, "little")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def _kubelet(asked):
    def handle(socket):
        asked.append((socket.request.path, socket.request.headers.get("authorization")))
        for channel in (DATA, ERROR):
            socket.send(channel + PORT)
        request = b""
        with contextlib.suppress(ConnectionClosed):
            while b"\r\n\r\n{}" not in request:
                frame = socket.recv()
                assert frame[:1] == DATA
                request += frame[1:]
            asked.append(request)
            socket.send(DATA + ANSWER[:20])
            socket.send(DATA + ANSWER[20:])
            socket.recv()

    return handle


@pytest.fixture
def kubelet(tmp_path, monkeypatch):
    """Yield what was asked; KUBECONFIG leads to it."""
    asked = []
    with serve(_kubelet(asked), "127.0.0.1", 0, subprotocols=["v4.channel.k8s.io"]) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        config = {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": url}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
        }
        (tmp_path / "config").write_text(yaml.safe_dump(config))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
        yield asked
        server.shutdown()


class Pods:
    """A cluster with one ready pod, whose ports are forwarded for real."""

    def __init__(self):
        self.forward = Kube.connect().forward

    def list(self, *_, **__):
        return (pod("hello-1"),)


def test_a_request_and_its_answer_pass(kubelet):
    answer = call.call(Pods(), ready(), "POST", "/x", b"{}", 10)
    assert answer.status == 200
    assert b"".join(answer.chunks()) == b"hello"
    (path, token), request = kubelet
    assert path == "/api/v1/namespaces/video/pods/hello-1/portforward?ports=8080"
    assert token == "Bearer t"  # noqa: S105 - of the kubeconfig above
    assert request.startswith(b"POST /x HTTP/1.1\r\n")


def test_a_refusal_is_told_in_the_clusters_words(server):
    said = 'pods "hello-1" is forbidden: User "me" cannot create resource "pods/portforward"'
    server.refusals["GET pods"] = (403, said)
    with pytest.raises(ForbiddenError) as caught:
        Kube.connect().forward("video", "hello-1", 8080)
    assert str(caught.value) == f"you may not do this: {said}; ask for a role that allows it"


def test_a_cluster_that_is_not_there_is_told(server):
    kube = Kube.connect()
    server.close()
    with pytest.raises(ClusterError, match=r"pod hello-1 cannot be reached: .*refused"):
        kube.forward("video", "hello-1", 8080)

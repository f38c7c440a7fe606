import http.server
import threading

import pytest

from tests.cluster import docker, images, versions
from tests.cluster.errors import ClusterError
from tests.cluster.registry import Registry, free_port


def test_the_digest_is_the_one_of_the_registry_pushed_to():
    image = {
        "RepoDigests": [
            "127.0.0.1:5000/falapp/other@sha256:01",
            "127.0.0.1:5000/falapp/kaniko@sha256:02",
        ]
    }
    assert images.pushed_digest(image, "127.0.0.1:5000/falapp/kaniko") == "sha256:02"


@pytest.mark.parametrize("image", [{}, {"RepoDigests": None}, {"RepoDigests": []}])
def test_no_digest_is_an_error(image):
    with pytest.raises(ClusterError, match="knows no digest"):
        images.pushed_digest(image, "127.0.0.1:5000/falapp/kaniko")


def test_a_failed_image_is_empty_and_the_others_are_there():
    broken, servers = ClusterError("no"), "s@sha256:3"
    runtimes = {f"runtime-{minor}": f"r{minor}@sha256:2" for minor in versions.PYTHONS}
    own = {"operator": broken, "builder": "b@sha256:1", **runtimes}
    found = images.gather({**own, "servers": servers}, {"3.11": "base"}, "kaniko")
    assert (found.operator, found.builder, found.servers) == ("", "b@sha256:1", servers)
    assert found.runtime == {minor: f"r{minor}@sha256:2" for minor in versions.PYTHONS}


def test_bases_of_two_pythons_do_not_replace_each_other():
    names = ["falapp/python:3.13-b", "falapp/python:3.11-b", "falapp/python:3.11-a"]
    assert [images.series(name) for name in names] == [
        "falapp/python:3.13",
        "falapp/python:3.11",
        "falapp/python:3.11",
    ]
    assert images.series("falapp/runtime-3.11:a") == "falapp/runtime-3.11"
    assert images.series("127.0.0.1:5000/falapp/kaniko:v1-a") == "127.0.0.1:5000/falapp/kaniko"


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("falapp/node:0123", True),
        ("127.0.0.1:5001/falapp/operator:0123", True),
        ("registry.example/falapp/operator:1", False),
        ("notfalapp/node:1", False),
        ("falapp/node:<none>", False),
        ("python:3.11", False),
    ],
)
def test_only_our_own_images_are_ever_removed(name, ours):
    assert bool(docker.OURS.match(name)) is ours


@pytest.fixture
def server():
    """A registry that has one image, and trouble with another."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            tag = self.path.rpartition("/")[2]
            self.send_response({"there": 200, "trouble": 500}.get(tag, 404))
            self.send_header("Docker-Content-Digest", "sha256:ab")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield Registry(pushed=f"127.0.0.1:{made.server_port}", pulled="x:5000", readable=True)
        made.shutdown()
        thread.join()


def test_a_tag_that_the_registry_has_gives_its_digest(server):
    assert server.digest("falapp/operator", "there") == "sha256:ab"
    assert server.digest("falapp/operator", "missing") is None


def test_a_registry_in_trouble_is_not_an_empty_one(server):
    with pytest.raises(ClusterError, match="answered with 500"):
        server.digest("falapp/operator", "trouble")


def test_a_registry_that_is_gone_is_named():
    gone = Registry(pushed="127.0.0.1:9", pulled="x:5000", readable=True)
    with pytest.raises(ClusterError, match=r"127\.0\.0\.1:9 does not answer"):
        gone.digest("falapp/operator", "there")


def test_a_users_own_registry_is_not_asked():
    own = Registry(pushed="registry.example/x", pulled="registry.example/x", readable=False)
    assert own.digest("operator", "1") is None


def test_a_free_port_is_found():
    assert 5000 <= free_port() < 5100

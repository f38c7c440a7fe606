"""Downloads from a difficult server."""

import base64
import hashlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from falapp_builder.plan.access import Access
from falapp_builder.plan.fetch import Fetcher, Stopped
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.packages import File
from tests.unit.builder.server import Server, reply

CONTENT = b"wheel" * 1000
UNTOLD = 1  # an answer without a length
SHA256 = hashlib.sha256(CONTENT).hexdigest()
LOGIN = "Basic " + base64.b64encode(b"CANARYuser:CANARYpassword").decode()


class Files(Server):
    """Answers with what a test queued, then with the file; notes who showed which login."""

    def __init__(self) -> None:
        super().__init__()
        self.queued: list[tuple[int, dict[str, str]]] = []
        self.seen: list[tuple[str, str | None]] = []
        self.ranges: list[str | None] = []
        self.content = CONTENT
        self.cut = 0

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.seen.append((f"{request.command} {request.path}", request.headers["Authorization"]))
        self.ranges.append(request.headers["Range"])
        if self.queued:
            status, headers = self.queued.pop(0)
            if status == 0:
                request.close_connection = True
                return None
            if status == UNTOLD:
                request.send_response(200)
                request.close_connection = True
                return request.end_headers()
            return reply(request, status, headers=headers)
        if self.cut:
            self.cut -= 1
            request.close_connection = True
            return reply(request, 200, self.content[:7], {"Content-Length": "5000"})
        return reply(request, 200, self.content)


@pytest.fixture
def server() -> Iterator[Files]:
    with Files() as started:
        yield started


@pytest.fixture
def other() -> Iterator[Files]:
    with Files() as started:
        yield started


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def fetcher(server: Files, pauses: list[float]) -> Iterator[Fetcher]:
    token = f"--index-url=http://CANARYuser:CANARYpassword@{server.host}/simple"
    with httpx.Client() as client:
        yield Fetcher(client, Access([token], {"SIG": "sig=CANARYsignature"}), pauses.append)


def wheel(server: Server, **changes: Any) -> File:
    url = f"http://{server.host}/a-1.0.whl?${{SIG}}"
    known = {"url": url, "name": "a-1.0.whl", "size": len(CONTENT), "sha256": SHA256}
    return File(**known | changes)


def test_a_file_is_written_and_verified(server: Files, fetcher: Fetcher, tmp_path: Path) -> None:
    fetched = fetcher.fetch(wheel(server), tmp_path / "a")
    assert (fetched.sha256, fetched.size) == (SHA256, len(CONTENT))
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert server.seen == [("GET /a-1.0.whl?sig=CANARYsignature", LOGIN)]


@pytest.mark.parametrize("status", [0, 408, 429, 500, 503])
def test_a_server_that_is_away_is_asked_again(
    server: Files, fetcher: Fetcher, tmp_path: Path, pauses: list[float], status: int
) -> None:
    server.queued = [(status, {})] * 2
    fetcher.fetch(wheel(server), tmp_path / "a")
    assert pauses == [1.0, 2.0]


def test_a_download_that_breaks_off_starts_anew(
    server: Files, fetcher: Fetcher, tmp_path: Path
) -> None:
    server.cut = 2
    fetcher.fetch(wheel(server), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("status", "reason", "part"),
    [
        (401, Reason.ACCESS_DENIED, "refused access (401); check the token"),
        (403, Reason.ACCESS_DENIED, "refused access (403); check the token"),
        (404, Reason.PACKAGE_NOT_FOUND, "has no such file (404)"),
        (410, Reason.PACKAGE_NOT_FOUND, "has no such file (410)"),
        (500, Reason.INDEX_UNREACHABLE, "answered with an error (500); check that builds"),
        (418, Reason.INDEX_UNREACHABLE, "answered with an error (418); try again later"),
        (0, Reason.INDEX_UNREACHABLE, "did not answer (RemoteProtocolError); check that builds"),
    ],
)
def test_refusals(
    server: Files, fetcher: Fetcher, tmp_path: Path, status: int, reason: Reason, part: str
) -> None:
    server.queued = [(status, {})] * 4
    with pytest.raises(Failure) as caught:
        fetcher.fetch(wheel(server), tmp_path / "a")
    assert caught.value.reason is reason
    assert caught.value.message.startswith("a-1.0.whl: 127.0.0.1 ")
    assert part in caught.value.message
    assert "CANARY" not in caught.value.message


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"sha256": "0" * 64}, f"gave sha256 {SHA256} and not 0000"),
        ({"size": 10}, "gave more than 10 bytes"),
    ],
)
def test_another_file_than_the_locks(
    server: Files, fetcher: Fetcher, tmp_path: Path, changes: dict[str, Any], part: str
) -> None:
    with pytest.raises(Failure) as caught:
        fetcher.fetch(wheel(server, **changes), tmp_path / "a")
    assert caught.value.reason is Reason.HASH_MISMATCH
    assert part in caught.value.message


def test_no_hash_is_no_hindrance(server: Files, fetcher: Fetcher, tmp_path: Path) -> None:
    assert fetcher.fetch(wheel(server, sha256="", size=None), tmp_path / "a").sha256 == SHA256


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_other_server_is_shown_the_login(
    server: Files, other: Files, fetcher: Fetcher, tmp_path: Path, status: int
) -> None:
    server.queued = [
        (status, {"Location": "/moved"}),
        (status, {"Location": f"http://x:y@{other.host}/there"}),
    ]
    fetcher.fetch(wheel(server), tmp_path / "a")
    assert server.seen[1:] == [("GET /moved", LOGIN)]
    assert other.seen == [("GET /there", None)]


def test_a_circle_of_redirects(server: Files, fetcher: Fetcher, tmp_path: Path) -> None:
    server.queued = [(302, {"Location": "/again"})] * 20
    with pytest.raises(Failure, match="sends on more than 10 times"):
        fetcher.fetch(wheel(server), tmp_path / "a")
    assert len(server.seen) == 10


def test_what_is_under_way_ends_when_another_fails(
    server: Files, fetcher: Fetcher, tmp_path: Path
) -> None:
    fetcher.stopped.set()
    with pytest.raises(Stopped):
        fetcher.fetch(wheel(server), tmp_path / "a")


RANGE = {"Content-Range": "bytes 0-0/5000", "Content-Length": "1"}


@pytest.mark.parametrize(
    ("answers", "size", "asked"),
    [
        ([], len(CONTENT), "HEAD"),
        ([(403, {}), (206, RANGE)], 5000, "HEAD GET"),
        ([(405, {}), (206, RANGE)], 5000, "HEAD GET"),
        ([(503, {}), (206, RANGE)], 5000, "HEAD GET"),
        ([(UNTOLD, {}), (206, RANGE)], 5000, "HEAD GET"),
        ([(405, {})], len(CONTENT), "HEAD GET"),  # it does not know ranges
        ([(405, {}), (206, {"Content-Range": "bytes 0-0/*"})], None, "HEAD GET"),
        ([(405, {}), (403, {})], None, "HEAD GET"),
        ([(405, {}), (503, {}), (405, {}), (206, RANGE)], 5000, "HEAD GET HEAD GET"),
    ],
)
def test_the_size(
    server: Files,
    fetcher: Fetcher,
    answers: list[tuple[int, dict[str, str]]],
    size: int | None,
    asked: str,
) -> None:
    server.queued = answers
    assert fetcher.size(wheel(server)) == size
    path = "/a-1.0.whl?sig=CANARYsignature"
    assert server.seen == [(f"{method} {path}", LOGIN) for method in asked.split()]
    assert server.ranges == [None if m == "HEAD" else "bytes=0-0" for m in asked.split()]

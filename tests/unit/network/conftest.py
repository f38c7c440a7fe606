"""A small API server on the loopback interface, and a client that is connected to it."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio import client as api

from falapp_operator.cluster import connection
from falapp_operator.cluster.client import Client

TOKEN = "s3cr3t-token"  # noqa: S105 - of a server that a test starts


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Server:
    """What was asked, and what is answered."""

    requests: list[Request] = field(default_factory=list)
    status: int = 200
    answer: Any = field(default_factory=dict)
    content_type: str = "application/json"
    url: str = ""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Status and headers of the answers that come before this one."""

    @property
    def last(self) -> Request:
        return self.requests[-1]

    async def handle(self, request):
        text = await request.text()
        self.requests.append(
            Request(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                headers=dict(request.headers),
                body=json.loads(text) if text else None,
            )
        )
        if self.answers:
            status, headers = self.answers.pop(0)
            return web.json_response({"message": "too much"}, status=status, headers=headers)
        body = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        return web.Response(status=self.status, body=body, content_type=self.content_type)

    def refuse(self, status, reason, message):
        """Answer with an error, as the API server words it."""
        self.status = status
        self.answer = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": status,
        }


@pytest.fixture
async def server():
    made = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    made.url = f"http://127.0.0.1:{port}"
    yield made
    await runner.cleanup()


def connected(url, fence=lambda: None):
    """Return a client of the server at ``url``, with a token as a service account has."""
    configuration = api.Configuration(host=url)
    configuration.api_key["BearerToken"] = f"Bearer {TOKEN}"
    return Client(connection.pooled(configuration, fence), sleep=_at_once)


async def _at_once(_seconds):
    """Wait for nothing."""


@pytest.fixture
async def client(server):
    made = connected(server.url)
    yield made
    await made.close()


@pytest.fixture
async def lonely(unused_tcp_port):
    """A client of a server that does not run."""
    made = connected(f"http://127.0.0.1:{unused_tcp_port}")
    yield made
    await made.close()

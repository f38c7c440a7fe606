"""A registry, a token service and a storage service, without a network."""

import httpx

from falapp_registry.auth import RegistryAuth
from falapp_registry.credentials import Login

REGISTRY = "https://registry.example"
SERVICE = "https://auth.example/token?own=1"
BLOB = f"{REGISTRY}/v2/team/app/blobs/sha256:1"
LOGIN = Login(username="me", password="s3cr3t")
IDENTITY = Login(username="<token>", token="s3cr3t-identity")


class Blob(httpx.SyncByteStream, httpx.AsyncByteStream):
    """What is read only when somebody wants it."""

    def __iter__(self):
        yield b"blob"

    async def __aiter__(self):
        yield b"blob"


class World:
    """A registry that wants tokens, its token service, and a storage service."""

    def __init__(self):
        self.now = 1000.0
        self.log = []
        self.issued = 0
        self.valid = set()
        self.token = {"expires_in": 300}
        self.realm = SERVICE
        self.challenge = None
        self.service_status = 200
        self.redirect = False

    def auth(self, login=None, address=REGISTRY):
        return RegistryAuth(address, lambda: login, clock=lambda: self.now)

    def client(self, login=None, **options):
        transport = httpx.MockTransport(self.handle)
        return httpx.Client(transport=transport, auth=self.auth(login), **options)

    def handle(self, request):
        # As it is now: the same request is sent again with another header.
        self.log.append(
            httpx.Request(
                request.method,
                request.url,
                headers=request.headers,
                content=request.content if hasattr(request, "_content") else None,
                extensions=request.extensions,
            )
        )
        if request.url.host == "auth.example":
            return self._service()
        if request.url.host != "registry.example":
            return httpx.Response(401 if self.redirect == "refused" else 200, headers=self._wants())
        sent = request.headers.get("Authorization", "")
        basic = self.challenge and sent == LOGIN.basic
        if not basic and sent.removeprefix("Bearer ") not in self.valid:
            return httpx.Response(401, headers=self._wants())
        if self.redirect:
            return httpx.Response(307, headers={"Location": "https://storage.example/b"})
        return httpx.Response(200, stream=Blob())

    def _wants(self):
        bearer = f'Bearer realm="{self.realm}",service="reg",scope="repository:team/app:pull x:y:z"'
        return {"WWW-Authenticate": self.challenge or bearer}

    def _service(self):
        if self.service_status != 200:
            return httpx.Response(self.service_status, text="s3cr3t")
        if not isinstance(self.token, dict):
            return httpx.Response(200, text=self.token)
        self.issued += 1
        name = f"token-{self.issued}"
        self.valid.add(name)
        return httpx.Response(200, json={"token": name} | self.token)

    def hosts(self):
        return [request.url.host.partition(".")[0] for request in self.log]

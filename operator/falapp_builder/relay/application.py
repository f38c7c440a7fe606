"""A registry's API for the containers of one pod, as much of it as Kaniko uses.

Kaniko runs commands of users as root, and they can do what it can. So it has no credentials of our
registry: it asks here, and gets what its namespace may see: one image, or the layers that were
cached for it. Blobs are known by what they are named in: whoever learned the digest of another
tenant's layer can neither read it here nor have it named in a manifest.

What Kaniko asks for as `cache:<key>` has the tag `<cache>-<key>` in our repository.
"""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from falapp_registry.errors import TokenError

_KEY = re.compile(r"[0-9a-f]{64}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LARGEST_MANIFEST = 4 << 20
_PASSED = ("Content-Type", "Content-Length", "Docker-Content-Digest", "Range")


@dataclass
class Relay:
    """What the pod may see, and what it is uploading."""

    upstream: httpx.AsyncClient
    """The repository."""
    cache: str
    """What the tags of cached layers begin with; empty where nothing is cached."""
    image: str
    """The digest of the one image that may be read; empty where there is none."""
    known: set[str] = field(default_factory=set)
    """The blobs that were named in a manifest that it was given, or that it uploaded."""
    uploads: dict[str, httpx.URL] = field(default_factory=dict)
    """Where the registry takes what is uploaded, by our own number."""

    def target(self, asked: str) -> str:
        """Return what a tag or digest is called in the repository; empty where it is not lent."""
        if self.cache and _KEY.fullmatch(asked):
            return f"{self.cache}-{asked}"
        return asked if self.image and asked == self.image else ""

    async def manifest(self, request: Request) -> Response:
        """Give a manifest, or take that of a cached layer."""
        target = self.target(request.path_params["target"])
        if not target:
            return _error(404, "MANIFEST_UNKNOWN")
        if request.method == "PUT":
            return await self._put(request, target)
        headers = {"Accept": request.headers.get("Accept", "*/*")}
        answer = await self.upstream.get(f"manifests/{target}", headers=headers)
        if answer.status_code == 200:
            self.known |= _named(answer.content)
        return Response(answer.content, answer.status_code, _passed(answer))

    async def _put(self, request: Request, target: str) -> Response:
        content = b""
        async for chunk in request.stream():
            content += chunk
            if len(content) > _LARGEST_MANIFEST:
                return _error(413, "MANIFEST_INVALID")
        if not self.cache or not _named(content) or not _named(content) <= self.known:
            return _error(400, "MANIFEST_BLOB_UNKNOWN")
        headers = {"Content-Type": request.headers.get("Content-Type", "")}
        answer = await self.upstream.put(f"manifests/{target}", content=content, headers=headers)
        return Response(answer.content, answer.status_code, _passed(answer))

    async def blob(self, request: Request) -> Response:
        """Give a blob as it comes."""
        digest = request.path_params["digest"]
        if digest not in self.known:
            return _error(404, "BLOB_UNKNOWN")
        asked = self.upstream.build_request(
            request.method, f"blobs/{digest}", headers={"Accept-Encoding": "identity"}
        )
        answer = await self.upstream.send(asked, stream=True, follow_redirects=True)
        return StreamingResponse(
            answer.aiter_raw(),
            answer.status_code,
            _passed(answer),
            background=BackgroundTask(answer.aclose),
        )

    async def begin(self, request: Request) -> Response:
        """Begin an upload."""
        if not self.cache:
            return _error(403, "DENIED")
        answer = await self.upstream.post("blobs/uploads/", content=b"")
        if answer.status_code != 202:
            return Response(answer.content, answer.status_code, _passed(answer))
        number = str(len(self.uploads) + 1)
        return self._goes_on(request.path_params["name"], number, answer)

    async def upload(self, request: Request) -> Response:
        """Take a part of an upload, or its end."""
        number, name = request.path_params["number"], request.path_params["name"]
        if number not in self.uploads:
            return _error(404, "BLOB_UPLOAD_UNKNOWN")
        url, digest = self.uploads[number], request.query_params.get("digest", "")
        if request.method == "PUT":
            if not _DIGEST.fullmatch(digest):
                return _error(400, "DIGEST_INVALID")
            # The location's query holds the upload's state: it goes back byte for byte.
            text = str(url)
            url = httpx.URL(f"{text}{'&' if '?' in text else '?'}digest={digest}")
        headers = {"Content-Type": "application/octet-stream"}
        length = request.headers.get("Content-Length", "0")
        # The end of an upload is empty, as a rule: then it can be sent again if the token ended
        # while the layer was on its way, which a stream cannot.
        whole = length == "0" and "Transfer-Encoding" not in request.headers
        content = b"" if whole else request.stream()
        if "Content-Length" in request.headers and not whole:
            headers["Content-Length"] = length
        answer = await self.upstream.request(request.method, url, content=content, headers=headers)
        if request.method == "PATCH" and answer.status_code == 202:
            return self._goes_on(name, number, answer)
        if request.method == "PUT" and answer.status_code == 201:
            self.known.add(digest)
        return Response(answer.content, answer.status_code, _passed(answer))

    def _goes_on(self, name: str, number: str, answer: httpx.Response) -> Response:
        self.uploads[number] = answer.url.join(answer.headers["Location"])
        here = {"Location": f"/v2/{name}/blobs/uploads/{number}", "Docker-Upload-UUID": number}
        return Response(status_code=202, headers=_passed(answer) | here | {"Content-Length": "0"})


def application(upstream: httpx.AsyncClient, *, cache: str, base: str) -> Starlette:
    """Return the relay.

    Args:
        upstream: The repository.
        cache: What the tags of cached layers begin with; empty where nothing is cached.
        base: The one image that may be read, by digest; empty where there is none.
    """
    relay = Relay(upstream=upstream, cache=cache, image=base.partition("@")[2])

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with upstream:
            yield

    async def here(_: Request) -> Response:
        return JSONResponse({})

    v2 = "/v2/{name:path}"
    return Starlette(
        routes=[
            Route("/v2/", here),
            Route(f"{v2}/manifests/{{target}}", relay.manifest, methods=["GET", "HEAD", "PUT"]),
            Route(f"{v2}/blobs/uploads/", relay.begin, methods=["POST"]),
            Route(f"{v2}/blobs/uploads/{{number}}", relay.upload, methods=["PATCH", "PUT"]),
            Route(f"{v2}/blobs/{{digest}}", relay.blob, methods=["GET", "HEAD"]),
        ],
        exception_handlers={httpx.HTTPError: _away, TokenError: _away},
        lifespan=lifespan,
    )


async def _away(_: Request, error: Exception) -> Response:
    print(f"falapp: the registry did not answer: {type(error).__name__}", flush=True)
    return _error(502, "UNKNOWN")


def _error(status: int, code: str) -> Response:
    return JSONResponse({"errors": [{"code": code}]}, status)


def _passed(answer: httpx.Response) -> dict[str, str]:
    return {name: answer.headers[name] for name in _PASSED if name in answer.headers}


def _named(content: bytes) -> set[str]:
    """Return the blobs that an image's manifest names; none where it is no such manifest."""
    try:
        manifest: Any = json.loads(content)
        parts = [manifest["config"], *manifest["layers"]]
        return {str(part["digest"]) for part in parts}
    except (ValueError, KeyError, TypeError):
        return set()

"""A registry over HTTP, with the two answers that the operator asks for: images and their locks."""

import hashlib
import json

from aiohttp import web

from falapp_operator.cluster import registry as operators

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
REPOSITORY = "environments"
LOCK = b'lock-version = "1.0"\n'


class Registry:
    """What was pushed, until somebody clears it."""

    def __init__(self, port: int) -> None:
        self._port = port
        app = web.Application()
        app.router.add_get(f"/v2/{REPOSITORY}/manifests/{{tag}}", self._manifest)
        app.router.add_get(f"/v2/{REPOSITORY}/blobs/{{digest}}", self._blob)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        self._manifests: dict[str, bytes] = {}

    async def start(self) -> str:
        """Listen, and return the repository's name."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        return f"127.0.0.1:{self._port}/{REPOSITORY}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    def clear(self) -> None:
        """Forget all images."""
        self._manifests.clear()

    def push(self, tag: str) -> str:
        """Have an image and its lock, as the step `publish` leaves them; return its digest."""
        environment, _, key = tag.partition("-")
        told = {operators.ENVIRONMENT: f"{environment}-{key[:16]}", operators.PACKAGES: "1"}
        self._manifests[tag] = json.dumps({"annotations": told}).encode()
        layer = {"mediaType": operators.LOCK, "digest": _digest(LOCK)}
        self._manifests[f"lock-{tag}"] = json.dumps({"layers": [layer]}).encode()
        return _digest(self._manifests[tag])

    async def _manifest(self, request: web.Request) -> web.Response:
        found = self._manifests.get(request.match_info["tag"])
        if found is None:
            raise web.HTTPNotFound
        headers = {"Content-Type": _MANIFEST, "Docker-Content-Digest": _digest(found)}
        return web.Response(body=found, headers=headers)

    async def _blob(self, request: web.Request) -> web.Response:
        if request.match_info["digest"] != _digest(LOCK):
            raise web.HTTPNotFound
        return web.Response(body=LOCK)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"

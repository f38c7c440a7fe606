"""The API server as the tests ask it, past the proxy."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp

from tests.faults.controlplane import Server

Object = dict[str, Any]

_PATHS = {
    "namespaces": "/api/v1",
    "pods": "/api/v1",
    "services": "/api/v1",
    "configmaps": "/api/v1",
    "secrets": "/api/v1",
    "events": "/api/v1",
    "jobs": "/apis/batch/v1",
    "deployments": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "poddisruptionbudgets": "/apis/policy/v1",
    "falapps": "/apis/falapp.dev/v1alpha1",
    "environments": "/apis/falapp.dev/v1alpha1",
    "machinetypes": "/apis/falapp.dev/v1alpha1",
    "leases": "/apis/coordination.k8s.io/v1",
    "customresourcedefinitions": "/apis/apiextensions.k8s.io/v1",
}


class Api:
    """A connection to the API server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        trust = ssl.create_default_context(cafile=str(server.authority))
        self.session = aiohttp.ClientSession(
            base_url=server.url,
            headers={"Authorization": f"Bearer {server.token}"},
            connector=aiohttp.TCPConnector(ssl=trust, limit=0),
        )

    async def close(self) -> None:
        await self.session.close()
        # Connections with TLS are closed a moment after aiohttp has returned.
        await asyncio.sleep(0.25)

    async def get(self, plural: str, name: str, namespace: str = "") -> Object | None:
        return await self._call("GET", path(plural, namespace, name))

    async def list(self, plural: str, namespace: str = "") -> list[Object]:
        found = await self._call("GET", path(plural, namespace))
        return list((found or {}).get("items", ()))

    async def apply(self, plural: str, obj: Object, namespace: str = "") -> None:
        """Apply as kubectl does, server-side; the object needs kind and apiVersion."""
        where = path(plural, namespace, obj["metadata"]["name"])
        query = {"fieldManager": "tests", "force": "true"}
        await self._call("PATCH", where, obj, "application/apply-patch+yaml", query)

    async def patch(
        self, plural: str, name: str, namespace: str, change: Object, sub: str = ""
    ) -> None:
        """Change fields; it is fine if the object is gone."""
        where = path(plural, namespace, name) + (sub and f"/{sub}")
        await self._call("PATCH", where, change, "application/merge-patch+json")

    async def delete(self, plural: str, name: str, namespace: str = "") -> None:
        background = {"propagationPolicy": "Background"}
        await self._call("DELETE", path(plural, namespace, name), background)

    async def clear(self, plural: str, namespace: str) -> None:
        """Delete all objects of a kind in a namespace."""
        await self._call("DELETE", path(plural, namespace))

    async def watch(self, plural: str) -> AsyncIterator[Object]:
        """Give each object that there is and each that changes, for ever."""
        query = {"watch": "true", "timeoutSeconds": "3600"}
        while True:
            timeout = aiohttp.ClientTimeout(total=None)
            async with self.session.get(path(plural), params=query, timeout=timeout) as answer:
                async for line in lines(answer.content):
                    event = json.loads(line)
                    if event["type"] in ("ADDED", "MODIFIED"):
                        yield event["object"]
            await asyncio.sleep(0.1)

    async def _call(
        self,
        method: str,
        where: str,
        body: Object | None = None,
        content: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> Object | None:
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content}
        async with self.session.request(
            method, where, data=data, headers=headers, params=query
        ) as answer:
            text = await answer.text()
            if answer.status == 404:
                return None
            assert answer.status < 300, f"{method} {where}: {answer.status} {text}"
            return dict(json.loads(text))


def path(plural: str, namespace: str = "", name: str = "") -> str:
    """Return where objects are."""
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"{_PATHS[plural]}{within}/{plural}" + (name and f"/{name}")


async def lines(stream: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Give the lines of a stream, however long they are."""
    left = b""
    async for chunk in stream.iter_any():
        *whole, left = (left + chunk).split(b"\n")
        for line in whole:
            yield line

"""The API server, spoken to with plain objects.

`kubernetes.aio` brings the configuration, TLS, tokens that are renewed, and the connection pool;
paths and verbs are few enough to say here, and objects stay the dictionaries that they are on the
wire. Errors of the API become the operator's own in one place.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Self

import aiohttp
from kubernetes.aio import client as api

from falapp_operator import errors
from falapp_operator.api import meta
from falapp_operator.api.objects import Object, Ref
from falapp_operator.api.paths import path
from falapp_operator.cluster import connection as connections
from falapp_operator.cluster.answer import Answer

_log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 30
_MERGEABLE = "application/apply-patch+yaml"
_PARTIAL = "application/merge-patch+json"
_TRIES = 3
_LONGEST_WAIT = 10.0
"""Seconds: what the API server asks beyond them is the queue's business, and holds no worker."""


def _nobody_else_writes() -> None:
    """Let every write pass: there is no other operator to give way to."""


class Client:
    """A connection to the API server, for as long as the operator runs.

    Args:
        connection: The connection pool.
        in_flight: How many requests are sent at once. One that waits since the API server asked
            for it (429, Retry-After) is none of them.
        fence: Called right before each request that could change something; it raises
            FencedError when nothing may be written.
        sleep: What waits.
    """

    def __init__(
        self,
        connection: api.ApiClient,
        *,
        in_flight: int = 32,
        fence: Callable[[], None] = _nobody_else_writes,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._connection = connection
        self._limit = asyncio.Semaphore(in_flight)
        self._fence = fence
        self._sleep = sleep

    @classmethod
    async def connect(cls, fence: Callable[[], None] = _nobody_else_writes) -> Self:
        """Connect with the pod's service account, or with the kubeconfig outside a pod."""
        return cls(await connections.pool(fence), fence=fence)

    async def close(self) -> None:
        """Close the connection pool."""
        await self._connection.close()

    async def get(self, ref: Ref) -> Object | None:
        """Return the object, or None if there is none.

        Raises:
            ForbiddenError: The operator may not read it.
        """
        try:
            found: Object = await self._call("GET", path(ref))
        except errors.MissingError:
            return None
        return found

    async def list(
        self,
        api_version: str,
        kind: str,
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
    ) -> tuple[Object, ...]:
        """Return the objects of a kind, in one namespace or in all, that match the selectors."""
        where = Ref(api_version=api_version, kind=kind, name="", namespace=namespace)
        query = [("labelSelector", labels), ("fieldSelector", fields)]
        found = await self._call("GET", path(where), query=[q for q in query if q[1]])
        # Items of a list carry neither apiVersion nor kind.
        return tuple({"apiVersion": api_version, "kind": kind} | item for item in found["items"])

    async def pages(
        self, api_version: str, kind: str, *, size: int = 500
    ) -> AsyncIterator[tuple[Object, ...]]:
        """Yield the objects of a kind in all namespaces, so many at a time."""
        where = Ref(api_version=api_version, kind=kind, name="")
        query = [("limit", str(size))]
        while True:
            found = await self._call("GET", path(where), query=query)
            yield tuple({"apiVersion": api_version, "kind": kind} | o for o in found["items"])
            following = found.get("metadata", {}).get("continue", "")
            if not following:
                return
            query = [("limit", str(size)), ("continue", following)]

    async def apply(self, desired: Object, *, force: bool = True) -> Object:
        """Apply ``desired`` server-side as its one manager, and return the object.

        Args:
            desired: The fields to have, no others.
            force: Whether to take fields over that somebody else set.

        Raises:
            ConflictError: ``desired`` names a resourceVersion that is no longer the newest, or,
                without ``force``, a field that somebody else set.
        """
        metadata = desired["metadata"]
        where = Ref(
            api_version=desired["apiVersion"],
            kind=desired["kind"],
            name=metadata["name"],
            namespace=metadata.get("namespace", ""),
        )
        return await self._apply(path(where), desired, force=force)

    async def apply_status(self, ref: Ref, status: Object, *, version: str = "") -> Object:
        """Apply the status of the object at ``ref`` and nothing else of it.

        Args:
            ref: Where it is.
            status: The status to have.
            version: Only if it is still as it was in this resourceVersion. A uid would not do:
                with the status of a custom resource the API server takes no notice of it.

        Raises:
            ConflictError: It is another version.
            MissingError: There is no such object.
        """
        metadata = {"name": ref.name, "namespace": ref.namespace}
        body = {
            "apiVersion": ref.api_version,
            "kind": ref.kind,
            "metadata": metadata | ({"resourceVersion": version} if version else {}),
            "status": status,
        }
        return await self._apply(f"{path(ref)}/status", body)

    async def create(self, obj: Object) -> Object:
        """Create ``obj`` and return it.

        Raises:
            ConflictError: An object of that name exists.
            RefusedError: The API server does not accept it.
        """
        where = Ref(
            api_version=obj["apiVersion"],
            kind=obj["kind"],
            name="",
            namespace=obj["metadata"].get("namespace", ""),
        )
        query = [("fieldManager", meta.FIELD_MANAGER)]
        created: Object = await self._call("POST", path(where), query=query, body=obj)
        return created

    async def scale(self, ref: Ref, replicas: int, *, version: str) -> None:
        """Set how many pods an object keeps, and nothing else of what was applied to it.

        Args:
            ref: Where it is.
            replicas: How many it shall have.
            version: Only if it is still as it was in this resourceVersion.

        Raises:
            ConflictError: It is another version.
        """
        query = [("fieldManager", meta.FIELD_MANAGER)]
        body = {"metadata": {"resourceVersion": version}, "spec": {"replicas": replicas}}
        await self._call(
            "PATCH", f"{path(ref)}/scale", query=query, body=body, content_type=_PARTIAL
        )

    async def delete(self, ref: Ref, *, uid: str = "", version: str = "") -> None:
        """Delete the object, and in the background what it owns; a missing one is fine.

        Args:
            ref: Where it is.
            uid: Delete only the object of this uid, and not another that took its name.
            version: Delete it only if it is still as it was in this resourceVersion.

        Raises:
            ConflictError: It is another object, or another version of it.
        """
        given = {"uid": uid, "resourceVersion": version}
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {key: value for key, value in given.items() if value},
        }
        try:
            await self._call("DELETE", path(ref), body=options)
        except errors.MissingError:
            return

    async def tell(self, event: Object) -> None:
        """Create an Event; one that is there already has been told."""
        with contextlib.suppress(errors.ConflictError):
            await self.create(event)

    async def _apply(self, where: str, body: Object, *, force: bool = True) -> Object:
        query = [("fieldManager", meta.FIELD_MANAGER), ("force", "true" if force else "false")]
        applied: Object = await self._call(
            "PATCH", where, query=query, body=body, content_type=_MERGEABLE
        )
        return applied

    async def _call(
        self,
        method: str,
        where: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: Object | None = None,
        content_type: str = "application/json",
    ) -> Any:
        serialized = await self._connection.param_serialize(
            method,
            where,
            query_params=[*query],
            header_params={"Accept": "application/json", "Content-Type": content_type},
            body=body,
            auth_settings=["BearerToken"],
        )
        for tries in range(1, _TRIES + 1):
            answer = await self._send(method, serialized)
            asked = answer.asked_pause
            if asked == 0 or asked > _LONGEST_WAIT or tries == _TRIES:
                break
            # Later than asked, and not all at once: others were told the same.
            await self._sleep(asked * random.uniform(1.0, 1.25))  # noqa: S311 - jitter, no secret
        if method != "GET":
            # One that changes nothing leaves no other trace.
            _log.debug("%s %s: %d", method, where, answer.status)
        return answer.value(method, where)

    async def _send(self, method: str, serialized: tuple[Any, Any, Any, Any, Any]) -> Answer:
        try:
            async with self._limit:
                if method != "GET":
                    self._fence()
                response = await self._connection.call_api(
                    *serialized, _request_timeout=_TIMEOUT_SECONDS
                )
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise errors.TransientError(f"the API server did not answer: {error}") from error
        return Answer(response.status, response.getheader("Retry-After"), content)

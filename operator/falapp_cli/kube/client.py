"""The API server, as a person's kubeconfig leads to it.

The official client brings kubeconfigs with all their ways to log in, TLS, and port-forwarding; the
few requests that are made stand here, and objects stay what they are on the wire.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import urllib3
from kubernetes import client as api

from falapp_cli.errors import ClusterError, MissingError, UnavailableError
from falapp_cli.kube import config, refusals
from falapp_operator.api.objects import Object, Ref, ref
from falapp_operator.api.paths import path

MANAGER = "falapp-cli"
"""The field manager of what people apply with this program."""

_SECONDS = 30
_APPLY, _MERGE = "application/apply-patch+yaml", "application/merge-patch+json"


class Kube:
    """A connection to a cluster, for the length of a command."""

    def __init__(
        self,
        connection: api.ApiClient,
        namespace: str = "default",
        context: str = "",
        seconds: float = _SECONDS,
    ) -> None:
        self._connection = connection
        self._seconds = seconds
        self.namespace = namespace
        """The namespace where none is given."""
        self.context = context
        """The kubeconfig's context that was asked for; empty where none was."""

    @classmethod
    def connect(cls, context: str = "", namespace: str = "", seconds: float = _SECONDS) -> "Kube":
        """Connect by the kubeconfig (KUBECONFIG, ~/.kube/config), or from inside a pod.

        Args:
            context: The kubeconfig's context; its current one where it is empty.
            namespace: Where objects are; the context's namespace where it is empty.
            seconds: How long one question may take.

        Raises:
            InputError: There is no kubeconfig, or it has no such context, or cannot be read.
            ClusterError: The program that it logs in by does not.
        """
        made, own = config.connection(context)
        return cls(made, namespace or own or "default", context, seconds)

    def get(self, where: Ref) -> Object | None:
        """Return an object, or None where there is none."""
        try:
            found: Object = self._call("GET", path(where))
        except MissingError:
            return None
        return found

    def list(
        self, api_version: str, kind: str, namespace: str = "", labels: str = ""
    ) -> tuple[Object, ...]:
        """Return the objects of a kind, in one namespace or in all."""
        where = Ref(api_version=api_version, kind=kind, name="", namespace=namespace)
        query = [("labelSelector", labels)] if labels else []
        found = self._call("GET", path(where), query=query, holds="items")
        return tuple({"apiVersion": api_version, "kind": kind} | item for item in found["items"])

    def apply(self, desired: Object, *, force: bool = False) -> Object:
        """Apply an object server-side, as a person.

        Args:
            desired: The fields to have.
            force: Whether to take fields over that another manager has set; refused otherwise.
        """
        query = [("fieldManager", MANAGER), ("fieldValidation", "Strict")]
        query += [("force", "true")] if force else []
        where = path(ref(desired))
        try:
            applied: Object = self._call(
                "PATCH", where, query=query, body=desired, content_type=_APPLY
            )
        except refusals.ConflictError as error:
            if error.managers != {MANAGER}:
                raise
            # To the API server, what `falapp scale` has patched is another manager's.
            return self.apply(desired, force=True)
        return applied

    def patch(self, where: Ref, body: Object) -> Object:
        """Merge ``body`` into an object."""
        query = [("fieldManager", MANAGER)]
        patched: Object = self._call(
            "PATCH", path(where), query=query, body=body, content_type=_MERGE
        )
        return patched

    def create(self, obj: Object) -> Object:
        """Create an object."""
        where = Ref(
            api_version=obj["apiVersion"],
            kind=obj["kind"],
            name="",
            namespace=obj["metadata"].get("namespace", ""),
        )
        made: Object = self._call("POST", path(where), query=[("fieldManager", MANAGER)], body=obj)
        return made

    def delete(self, where: Ref) -> None:
        """Delete an object and, in the background, what it owns."""
        body = {"propagationPolicy": "Background"}
        self._call("DELETE", path(where), body=body, holds="kind")

    def version(self) -> str:
        """Return the API server's version."""
        return str(self._call("GET", "/version", holds="gitVersion")["gitVersion"])

    def logs(
        self, namespace: str, pod: str, container: str, *, follow: bool = False, tail: int = -1
    ) -> Iterator[str]:
        """Yield the lines of a container's log."""
        where = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        query = [("container", container), ("follow", str(follow).lower())]
        query += [("tailLines", str(tail))] if tail >= 0 else []
        answer = self._send("GET", where, query=query, endless=follow)
        if answer.status != 200:
            raise self._refusal("GET", where, answer.status, answer.data)
        rest = b""
        try:
            for chunk in answer.stream(4096):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (line.decode(errors="replace") for line in lines)
        except urllib3.exceptions.HTTPError as error:
            raise UnavailableError(
                f"the log of {pod} broke off ({refusals.words(error)}); ask again"
            ) from error
        if rest:
            yield rest.decode(errors="replace")

    def forward(self, namespace: str, pod: str, port: int) -> Any:
        """Return a socket that leads to a port of a pod."""
        from kubernetes.stream import ws_client

        url = f"{self._connection.configuration.host}/api/v1/namespaces/{namespace}/pods/{pod}"
        headers = self._headers()
        try:
            made = ws_client.portforward_call(
                self._connection.configuration,
                "GET",
                f"{url}/portforward",
                headers=headers,
                query_params=[("ports", str(port))],
            )
        except (api.ApiException, OSError) as error:
            # The client keeps what the API server answered in the error that this one came of.
            status = getattr(error.__context__, "status_code", 0)
            if status:
                content = getattr(error.__context__, "resp_body", None) or b""
                raise self._refusal("GET", url, status, content) from error
            raise ClusterError(f"pod {pod} cannot be reached: {refusals.words(error)}") from error
        return made.socket(port)

    def _refusal(self, method: str, where: str, status: int, content: bytes) -> ClusterError:
        host = self._connection.configuration.host
        return refusals.refusal(host, method, where, status, content)

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        self._connection.update_params_for_auth(headers, [], ["BearerToken"], "/", "GET", None)
        return headers

    def _call(
        self,
        method: str,
        where: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: Object | None = None,
        content_type: str = "application/json",
        holds: str = "metadata",
    ) -> Any:
        """Return an answer, which holds a field if it is the API server's."""
        answer = self._send(method, where, query=query, body=body, content_type=content_type)
        content = answer.data
        if not 200 <= answer.status < 300:
            raise self._refusal(method, where, answer.status, content)
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        # A login page of a proxy is 200, too.
        if not isinstance(found, dict) or holds not in found:
            host = self._connection.configuration.host
            raise ClusterError(
                f"{host} does not answer as an API server does; check server: of the kubeconfig, "
                "and whether a proxy wants a login"
            )
        return found

    def _send(
        self,
        method: str,
        where: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: Object | None = None,
        content_type: str = "application/json",
        endless: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        serialized = self._connection.param_serialize(
            method,
            where,
            query_params=[*query],
            header_params={"Accept": "application/json", "Content-Type": content_type},
            body=body,
            auth_settings=["BearerToken"],
        )
        timeout = (self._seconds, None) if endless else self._seconds
        try:
            answer = self._connection.call_api(*serialized, _request_timeout=timeout)
        except (urllib3.exceptions.HTTPError, api.ApiException, OSError) as error:
            host = self._connection.configuration.host
            raise UnavailableError(
                f"the cluster at {host} does not answer ({refusals.words(error)}); check the "
                "context, the network, and `kubectl cluster-info`"
            ) from error
        response: urllib3.BaseHTTPResponse = answer.response
        return response

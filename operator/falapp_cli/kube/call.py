"""Calling an app from here, through the API server."""

import http.client
from collections.abc import Iterator
from typing import Any, Protocol

from falapp_cli.errors import ClusterError
from falapp_cli.kube import app as apps
from falapp_operator.api.objects import Object
from falapp_runner import contract


class Forwarder(apps.Reader, Protocol):
    """A cluster that leads to pods."""

    def forward(self, namespace: str, pod: str, port: int) -> Any:
        """Return a socket to a port of a pod."""


class Answer:
    """What an app answers."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection
        self._response = connection.getresponse()
        self.status = self._response.status

    def chunks(self) -> Iterator[bytes]:
        """Yield the body as it comes, so that a stream is seen as one.

        Raises:
            ClusterError: It broke off.
        """
        length, got = self._response.getheader("Content-Length"), 0
        try:
            while chunk := self._response.read1(65536):
                got += len(chunk)
                yield chunk
        except (http.client.HTTPException, OSError) as error:
            raise _broken(got, str(error) or type(error).__name__) from error
        finally:
            self._connection.close()
        # a connection that ends early looks like the end of the body
        if length is not None and got < int(length):
            raise _broken(got, f"{length} were announced")


def _broken(got: int, why: str) -> ClusterError:
    return ClusterError(
        f"the answer broke off after {got} bytes ({why}); `falapp status` says how the runner is"
    )


def call(
    kube: Forwarder, app: Object, method: str, path: str, body: bytes | None, timeout: float
) -> Answer:
    """Ask a ready runner of an app.

    Raises:
        ClusterError: None is ready, or it does not answer.
    """
    name, namespace = app["metadata"]["name"], app["metadata"]["namespace"]
    ready = [p for p in apps.pods(kube, app) if apps.is_ready(p)]
    if not ready:
        raise ClusterError(f"{name} has no ready runner; `falapp status {name}` says why")
    pod = ready[0]["metadata"]["name"]
    connection = http.client.HTTPConnection(name, timeout=timeout)
    connection.sock = kube.forward(namespace, pod, contract.APP_PORT)
    connection.sock.settimeout(timeout)
    headers = {"Content-Type": "application/json", "Connection": "close"}
    try:
        connection.request(method, f"/{path.lstrip('/')}", body, headers)
        return Answer(connection)
    except (http.client.HTTPException, OSError) as error:
        connection.close()
        why = str(error) or type(error).__name__
        raise ClusterError(f"{name}: runner {pod} does not answer ({why})") from error

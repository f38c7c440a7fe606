"""How the API server is reached: whose credentials, and what its sockets leave behind."""

import socket
import struct
from collections.abc import Callable
from typing import Any

import aiohttp
from kubernetes.aio import client as api
from kubernetes.aio import config
from kubernetes.aio.client import rest
from kubernetes.aio.config.config_exception import ConfigException

_AT_ONCE = struct.pack("ii", 1, 0)


async def pool(fence: Callable[[], None]) -> api.ApiClient:
    """Return connections with the pod's service account, or with the kubeconfig outside a pod."""
    configuration = api.Configuration()
    try:
        config.load_incluster_config(client_configuration=configuration)
    except ConfigException:
        await config.load_kube_config(client_configuration=configuration)
    return pooled(configuration, fence)


def pooled(configuration: api.Configuration, fence: Callable[[], None]) -> api.ApiClient:
    """Return connections as ``configuration`` says.

    Args:
        configuration: Where to, and as whom.
        fence: Called when a request that could change something has its connection, right before
            its first byte: it may have waited for that, and the process may have been paused. What
            it raises, the request does.
    """
    configuration.trace_configs = [_traced(fence)]
    made = api.ApiClient(configuration)
    made.rest_client = _Rest(configuration)
    return made


def _traced(fence: Callable[[], None]) -> aiohttp.TraceConfig:
    async def about_to_send(
        _session: aiohttp.ClientSession,
        _context: Any,
        told: aiohttp.TraceRequestHeadersSentParams | aiohttp.TraceRequestChunkSentParams,
    ) -> None:
        if told.method != "GET":
            fence()

    trace = aiohttp.TraceConfig()
    # Both are called before it is so. Headers are kept until there is a body to send with them,
    # which is a turn of the loop later: long enough to be paused in.
    trace.on_request_headers_sent.append(about_to_send)
    trace.on_request_chunk_sent.append(about_to_send)
    return trace


class _Rest(rest.RESTClientObject):
    def _create_connector(self) -> aiohttp.TCPConnector:
        return aiohttp.TCPConnector(
            limit=self.maxsize, ssl=self.ssl_context, socket_factory=forgetful_socket
        )


def forgetful_socket(address: Any) -> socket.socket:
    """Return a socket that takes what was not sent yet with it when it is closed.

    Else the kernel would go on sending after the end of the process: a write of an operator that
    was cut off would reach the API server when the network is mended, long after another operator
    took over.
    """
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    return made

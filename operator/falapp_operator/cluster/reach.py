"""Where the operator connects to for a user, who may name any host: not everywhere.

It sits where others do not: beside the API server, on a node's network, near a cloud's metadata.
What a name stands for is looked up once, and what was checked is what is connected to.
"""

import asyncio
import ipaddress
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import httpx

_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in (
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
"""What clouds tell their machines at addresses that are not link-local."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class UnreachableError(Exception):
    """A host that is not to be connected to."""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Which hosts may be connected to; those of the cluster's Services may."""

    refused: frozenset[str] = frozenset()
    """Names and addresses that are refused besides: the API server's."""
    loopback: bool = False
    """Whether this machine itself may be: for servers that a test starts."""

    @classmethod
    def strict(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Return what holds in a pod of a cluster."""
        return cls(refused=frozenset({environ.get("KUBERNETES_SERVICE_HOST", "").lower()} - {""}))

    def check(self, host: str, addresses: list[str]) -> None:
        """Look at a host and all that its name stands for.

        Raises:
            UnreachableError: One of them is refused.
        """
        if host.lower().rstrip(".") in self.refused:
            raise UnreachableError(host)
        for address in addresses:
            if not self._allows(_real(ipaddress.ip_address(address))):
                raise UnreachableError(address)

    def _allows(self, address: Address) -> bool:
        if address.is_loopback:
            return self.loopback
        return not (
            str(address) in self.refused
            or address in _METADATA
            or address.is_link_local
            or address.is_multicast
            or address.is_unspecified
            or (address.version == 4 and (address.is_reserved or int(address) < 2**24))
        )


class Transport(httpx.AsyncBaseTransport):
    """Connects to what `Reach` allows."""

    def __init__(self, reach: Reach, inner: httpx.AsyncBaseTransport) -> None:
        """Connect by ``inner``, which keeps no connection: it would tell them by address only."""
        self._reach = reach
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` to the first address that takes it."""
        host = request.url.raw_host.decode("ascii")
        addresses = await _addresses(host, request.url.port or _PORTS[request.url.scheme])
        self._reach.check(host, addresses)
        failed: httpx.TransportError | None = None
        for address in addresses:
            there = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,  # Host is the name
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return await self._inner.handle_async_request(there)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failed = error
        raise failed or httpx.ConnectError(f"{host} has no address", request=request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def unusable(url: str) -> str:
    """Return what in ``url`` no server can have: its port, its host, or nothing."""
    try:
        parsed = httpx.URL(url)
        host, port = parsed.host, parsed.port
        host.encode("ascii").decode("idna") if host.isascii() else host.encode("idna")
        parsed.raw_host.decode("ascii").encode("idna")  # as names are looked up
    except httpx.InvalidURL as error:
        return "port" if "port" in str(error) else "host"
    except ValueError:
        return "host"
    if not host:
        return "host"
    return "port" if port is not None and not 0 < port < 2**16 else ""


def same_server(at: httpx.URL, there: httpx.URL) -> bool:
    """Return whether a login for one may be shown to the other."""
    secured = (at.scheme, at.port, there.scheme, there.port) == ("http", None, "https", None)
    alike = (at.scheme, at.port) == (there.scheme, there.port)
    return at.raw_host == there.raw_host and (alike or secured)


def _real(address: Address) -> Address:
    """Return the address that is meant by one of the other version that holds it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) % 2**32)
        return address.ipv4_mapped or address.sixtofour or address
    return address


async def _addresses(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))

"""Whether kopf's watches are open: it watches, reconnects and tells nobody.

An open watch without events and one that the server forgot look alike from a handler. So it is the
requests that are looked at: each watch is asked for anew every few minutes.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import SimpleNamespace

import aiohttp
import kopf

SERVER_SECONDS = 300
"""How long the API server keeps a watch open."""
CLIENT_SECONDS = 330
"""How long kopf does: one that the server forgot would stay silent for ever (kopf #585, #955)."""
_BLIND_SECONDS = 2.0 * CLIENT_SECONDS


class Watches:
    """When each kind's watch was opened last.

    Args:
        wanted: The plurals of the kinds that are watched.
        clock: A clock that never jumps, in seconds.
    """

    def __init__(
        self, wanted: Collection[str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._wanted = sorted(wanted)
        self._opened: dict[str, float] = {}

    @property
    def missing(self) -> list[str]:
        """The kinds whose objects were not all seen yet: a watch follows the first list."""
        return [plural for plural in self._wanted if plural not in self._opened]

    @property
    def blind(self) -> list[str]:
        """The kinds whose watch should have been opened anew long ago."""
        since = self._clock() - _BLIND_SECONDS
        return [plural for plural, opened in self._opened.items() if opened < since]

    def session(self, info: kopf.ConnectionInfo) -> kopf.AiohttpSession:
        """Return the connections that kopf itself would make, where requests can be seen."""
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._note)
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=info.as_ssl_context()),
            headers=info.as_http_headers(),
            proxy=info.proxy_url,
            trust_env=info.trust_env,
            trace_configs=[trace],
        )
        return _Session(
            server=info.server,
            priority=info.priority,
            default_namespace=info.default_namespace,
            expiration=info.expiration,
            aiohttp_session=session,
            info=info,
        )

    async def _note(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        request: aiohttp.TraceRequestEndParams,
    ) -> None:
        if request.url.query.get("watch") == "true" and request.response.status == 200:
            self._opened[request.url.path.rpartition("/")[2]] = self._clock()


@dataclass(frozen=True, kw_only=True, eq=False)
class _Session(kopf.AiohttpSession):
    """Connections that are the same as others with the same credentials.

    kopf tries no credentials twice that were refused, as it finds by comparing.
    """

    info: kopf.ConnectionInfo

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Session) and self.info == other.info

    def __hash__(self) -> int:
        return hash(self.info)

"""What a runner counts, in Prometheus' text format.

Written by hand: prometheus_client would cost a tenth of the start and more per request than all
else here, and the environment may hold any version of it. What the app counts with it is added.
"""

import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator

from falapp_runner import state

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600)
"""Upper bounds in seconds: from a health check to a film."""


class Endpoint:
    """The requests of one endpoint; the loop's thread writes, the gate's reads."""

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0

    def add(self, status: int, seconds: float) -> None:
        """Count one request."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.buckets[bisect_left(BUCKETS, seconds)] += 1
        self.seconds += seconds


def nobody() -> int:
    """Return the number of requests before there are any."""
    return 0


class Metrics:
    """All that one runner counts."""

    def __init__(self, life: state.Life) -> None:
        self._life = life
        self._endpoints: dict[str, Endpoint] = {}
        self.labels: dict[str, str] = {}
        self.in_flight: Callable[[], int] = nobody
        self.queued: Callable[[], int] = nobody

    def endpoint(self, path: str) -> Endpoint:
        """Return what is counted under this path: a route's, so that there are few."""
        return self._endpoints.setdefault(path, Endpoint())

    def render(self) -> str:
        """Return everything as text; any thread may ask."""
        return "".join(f"{line}\n" for line in self._lines()) + _apps_own()

    def _lines(self) -> Iterator[str]:
        endpoints = list(self._endpoints.items())
        yield from _head("falapp_requests_total", "counter", "Requests, by endpoint and status.")
        for path, endpoint in endpoints:
            for status, count in list(endpoint.statuses.items()):
                yield _sample("falapp_requests_total", count, endpoint=path, status=str(status))
        yield from _head(
            "falapp_request_seconds", "histogram", "From a request's arrival to its answer's end."
        )
        for path, endpoint in endpoints:
            yield from _histogram(path, endpoint)
        yield from _gauge("falapp_requests_in_flight", "Requests in work.", self.in_flight())
        yield from _gauge("falapp_requests_queued", "Requests that wait.", self.queued())
        report = self._life.report()
        seconds = report["setupSeconds"]
        if isinstance(seconds, float):
            yield from _gauge("falapp_setup_seconds", "How long setup() took.", seconds)
        yield from _head("falapp_state", "gauge", "1 for the state that the runner is in.")
        for one in state.State:
            yield _sample("falapp_state", int(one.value == report["state"]), state=one.value)
        yield from _head("falapp_runner_info", "gauge", "What runs here.")
        yield _sample("falapp_runner_info", 1, **self.labels)


def _histogram(path: str, endpoint: Endpoint) -> Iterator[str]:
    so_far = 0
    for bound, count in zip((*map(str, BUCKETS), "+Inf"), list(endpoint.buckets), strict=True):
        so_far += count
        yield _sample("falapp_request_seconds_bucket", so_far, endpoint=path, le=bound)
    yield _sample("falapp_request_seconds_sum", round(endpoint.seconds, 6), endpoint=path)
    yield _sample("falapp_request_seconds_count", so_far, endpoint=path)


def _gauge(name: str, text: str, value: float) -> Iterator[str]:
    yield from _head(name, "gauge", text)
    yield _sample(name, value)


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def _sample(name: str, value: float, **labels: str) -> str:
    pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{pairs}}} {value}" if pairs else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _apps_own() -> str:
    """What the app counts itself with prometheus_client, if it has imported it."""
    client = sys.modules.get("prometheus_client")
    if client is None:
        return ""
    text: bytes = client.generate_latest()
    return text.decode()

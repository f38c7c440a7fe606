"""Reads what builds say while they run: a Job that is tried again takes its logs with it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.kube.kubectl import Kube
from tests.kube.proxy import proxied
from tests.leaks import places
from tests.leaks.places import Item, Place

PAUSE = 2.0


class Record:
    """All that was seen, the last version of each thing."""

    def __init__(self) -> None:
        self._items: dict[tuple[Place, str], Item] = {}

    def add(self, item: Item) -> None:
        self._items[item.place, item.name] = item

    def items(self) -> list[Item]:
        return list(self._items.values())


@contextmanager
def recorded(kube: Kube, namespace: str) -> Iterator[Record]:
    """Record the logs and messages of all containers in a namespace, from now to the end."""
    record, end = Record(), threading.Event()
    read: set[tuple[str, str]] = set()
    failures: list[Exception] = []

    def follow() -> None:
        try:
            with proxied(kube) as api:
                while not end.wait(PAUSE):
                    _look(api, namespace, record, read)
                _look(api, namespace, record, read)
        except Exception as error:  # raised again, where a test sees it
            failures.append(error)

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield record
    finally:
        end.set()
        thread.join()
    if failures:
        raise failures[0]


def _look(api: httpx.Client, namespace: str, record: Record, read: set[tuple[str, str]]) -> None:
    for pod in places.pods(api, namespace):
        uid, status = pod["metadata"]["uid"], pod.get("status", {})
        ended = {
            container["name"]
            for field in ("initContainerStatuses", "containerStatuses")
            for container in status.get(field, ())
            if "terminated" in container.get("state", {})
        }
        fresh = {name for name in ended if (uid, name) not in read}
        if not fresh:
            continue
        for item in (*places.messages(pod), *places.logs(api, Place.BUILD_LOGS, [pod])):
            record.add(item)
        read |= {(uid, name) for name in fresh}

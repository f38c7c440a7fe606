"""kubectl, bound to one cluster: ours, by its own kubeconfig and context."""

import builtins
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import yaml

from tests.cluster import Cluster
from tests.kube import reading

T = TypeVar("T")
Object = dict[str, Any]


SLACK = 2.0
"""By how much a wait may be longer: three nodes and all tests share two cores."""


class KubectlError(Exception):
    """kubectl ended with an error; the message is what it said."""


@dataclass(frozen=True)
class Kube:
    """One cluster."""

    kubectl: Path
    kubeconfig: Path
    context: str

    @classmethod
    def of(cls, cluster: Cluster) -> "Kube":
        """Return the kubectl of a cluster that the cluster tool made."""
        return cls(cluster.kubectl, cluster.kubeconfig, cluster.context)

    def command(self, *args: str) -> list[str]:
        """Return the command line of a call."""
        return [
            str(self.kubectl),
            f"--kubeconfig={self.kubeconfig}",
            f"--context={self.context}",
            # kubectl's own cache is by host and port, which another cluster may have had.
            f"--cache-dir={self.kubeconfig.parent / 'kubectl'}",
            *args,
        ]

    def run(self, *args: str, stdin: str | None = None, timeout: float = 120) -> str:
        """Return what kubectl prints.

        Raises:
            KubectlError: It ended with an error.
        """
        done = subprocess.run(
            self.command(*args),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode:
            raise KubectlError(f"kubectl {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout

    def apply(self, *objects: Object, namespace: str = "") -> str:
        """Apply objects as a user would: kubectl apply -f -."""
        text = yaml.safe_dump_all(objects, sort_keys=False)
        where = ["-n", namespace] if namespace else []
        return self.run("apply", *where, "-f", "-", stdin=text)

    def get(self, kind: str, name: str, namespace: str = "") -> Object | None:
        """Return an object, or None if there is none."""
        if read := self._reader(kind):
            [one], there = read
            with _told(f"get {kind} {name}"):
                return there.get(one, name, namespace)
        where = ["-n", namespace] if namespace else []
        text = self.run("get", kind, name, *where, "--ignore-not-found", "-o", "json")
        return json.loads(text) if text.strip() else None

    def list(self, kind: str, namespace: str = "", labels: str = "") -> list[Object]:
        """Return the objects of a kind, or of several, in one namespace or in all."""
        if read := self._reader(kind):
            kinds, there = read
            with _told(f"list {kind}"):
                return [item for one in kinds for item in there.list(one, namespace, labels)]
        where = ["-n", namespace] if namespace else ["-A"]
        select = ["-l", labels] if labels else []
        found = json.loads(self.run("get", kind, *where, *select, "-o", "json"))
        return list(found["items"])

    def _reader(self, kind: str) -> tuple[builtins.list[str], reading.Reader] | None:
        kinds, there = reading.kinds_of(kind), reading.reader(self.kubeconfig, self.context)
        return (kinds, there) if kinds and there else None

    def delete(self, kind: str, name: str, namespace: str = "", *, wait: bool = True) -> None:
        """Delete an object; a missing one is fine."""
        where = ["-n", namespace] if namespace else []
        patience = f"--wait={'true' if wait else 'false'}"
        self.run("delete", kind, name, *where, "--ignore-not-found", patience, timeout=300)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Tell errors of the API server as those of kubectl."""
    try:
        yield
    except httpx.HTTPError as error:
        raise KubectlError(f"{what}: {error}") from error


def poll(
    look: Callable[[], T],
    good: Callable[[T], object],
    *,
    what: str,
    seconds: float,
    describe: Callable[[T], str] = repr,
) -> T:
    """Look until what is seen is good, and return it.

    Args:
        look: What looks.
        good: Whether what it saw is what is waited for.
        what: What that is, in words.
        seconds: How long it takes at most on a machine that does nothing else.
        describe: How what was seen is told.

    Raises:
        AssertionError: It was not within ``SLACK`` times ``seconds``; the message says what was
            seen last.
    """
    seconds *= SLACK
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if good(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(
                f"{what}: not within {seconds:.0f} s; last seen:\n{describe(seen)}"
            )
        time.sleep(0.3)


def condition(obj: Object | None, type_: str) -> Object:
    """Return a condition of an object's status; an empty one if it has none."""
    for found in (obj or {}).get("status", {}).get("conditions", ()):
        if found["type"] == type_:
            return dict(found)
    return {}


def is_true(obj: Object | None, type_: str) -> bool:
    """Return whether a condition is True for the object's present generation."""
    found = condition(obj, type_)
    if not found or obj is None:
        return False
    current = found["observedGeneration"] == obj["metadata"]["generation"]
    return found["status"] == "True" and bool(current)

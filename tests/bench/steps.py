"""What the steps of a build take: seconds by the kubelet's account, memory by the kernel's."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.kube.install import BUILDS
from tests.kube.kubectl import Kube

# Each container's cgroup of each pod, with its present anonymous memory: page cache, which the
# kernel gives back, is no need of the build. Version 1 and version 2 of cgroups.
_READ = """\
for f in $(find /sys/fs/cgroup -path '*pod*' -name memory.stat 2>/dev/null); do
  echo "$f $(awk '$1 == "total_rss" || $1 == "anon" {print $2}' $f)"
done
"""


@dataclass
class Peaks:
    """The largest anonymous memory that was seen, in bytes, by container."""

    by_container: dict[str, int] = field(default_factory=dict)


@contextmanager
def watched(nodes: list[str], every: float = 1.0) -> Iterator[Peaks]:
    """Read the memory of all containers on kind's nodes until the end of the block."""
    peaks, stop = Peaks(), threading.Event()

    def read() -> None:
        while not stop.wait(every):
            for node in nodes:
                done = subprocess.run(
                    ["docker", "exec", node, "sh", "-c", _READ],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                for line in done.stdout.splitlines():
                    path, _, size = line.partition(" ")
                    if size.isdigit():
                        before = peaks.by_container.get(path, 0)
                        peaks.by_container[path] = max(before, int(size))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        stop.set()
        thread.join()


def steps(kube: Kube, environment: str, peaks: Peaks) -> dict[str, dict[str, Any]]:
    """Return seconds and peak memory (bytes) of each step of an environment's build."""
    [pod] = kube.list("pods", BUILDS, f"falapp.dev/environment={environment}")
    found = {}
    status = pod["status"]
    for container in (*status["initContainerStatuses"], *status["containerStatuses"]):
        ended = container["state"]["terminated"]
        began, end = (datetime.fromisoformat(ended[k]) for k in ("startedAt", "finishedAt"))
        name = container["containerID"].rpartition("/")[2]
        memory = [v for path, v in peaks.by_container.items() if name in path]
        found[container["name"]] = {
            "seconds": (end - began).total_seconds(),
            "peakBytes": max(memory, default=0),
        }
    return found


def nodes(kube: Kube) -> list[str]:
    """Return the names of the cluster's nodes, which are kind's containers."""
    said = json.loads(kube.run("get", "nodes", "-o", "json"))
    return [node["metadata"]["name"] for node in said["items"]]

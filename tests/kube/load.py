"""Constant load on a Service from a pod of the cluster, every request of which is counted."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.kube.kubectl import Kube, poll
from tests.kube.pods import python_pod

SCRIPT = Path(__file__).parent / "asking.py"
SECONDS = 300
"""How long it asks at most."""
CONNECTIONS = 50


@dataclass
class Load:
    """What came of the requests; filled in when the load has ended."""

    sent: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    runners: dict[str, int] = field(default_factory=dict)
    """How many answers each runner gave."""
    lost: int = 0
    """Requests without an answer."""
    errors: list[str] = field(default_factory=list)
    """The first of them: when they were sent, and what happened."""


@contextmanager
def load(
    kube: Kube, image: str, namespace: str, url: str, connections: int = CONNECTIONS
) -> Iterator[Load]:
    """Ask the app at ``url`` without a pause until the end of the block."""
    made = Load()
    command = ["python3", "-c", SCRIPT.read_text(), url, str(connections), str(SECONDS)]
    pod = python_pod("load", image, command)
    pod["spec"]["restartPolicy"] = "Never"  # it would ask again, and be gone without its answers
    kube.apply(pod, namespace=namespace)
    try:
        kube.run("wait", "pod/load", "-n", namespace, "--for=condition=Ready", "--timeout=60s")
        yield made
        kube.run("exec", "-n", namespace, "load", "--", "touch", "/tmp/stop")  # noqa: S108
        text = poll(
            lambda: kube.run("logs", "-n", namespace, "load"),
            lambda said: said.endswith("\n"),
            what="the load has ended",
            seconds=60,
        )
        made.__dict__.update(json.loads(text))
    finally:
        kube.delete("pod", "load", namespace)

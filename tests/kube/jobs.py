"""Every build Job that is started while somebody looks, those that come and go included."""

import secrets
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.kube import install
from tests.kube.kubectl import Kube, poll


@dataclass
class Jobs:
    """What was started."""

    names: list[str] = field(default_factory=list)

    def started(self, environment: str) -> int:
        """Return how many Jobs were started for an environment."""
        return self.names.count(environment)


@contextmanager
def watched(kube: Kube) -> Iterator[Jobs]:
    """Watch the builds' namespace.

    kubectl lists first, then watches from there on without a gap. A Job of our own, which is not
    to run, shows that the list came; that the process lives at the end shows that it watched.
    """
    seen, sign = Jobs(), f"watch-{secrets.token_hex(3)}"
    listed: list[str] = []
    kube.apply(_sign(sign), namespace=install.BUILDS)
    before = {job["metadata"]["uid"] for job in kube.list("jobs", install.BUILDS)}
    command = kube.command(
        *("get", "jobs", "-n", install.BUILDS, "--watch", "--output-watch-events", "-o"),
        "jsonpath={.type} {.object.metadata.uid} {.object.metadata.name}{'\\n'}",
    )
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:

        def read() -> None:
            for line in process.stdout or ():
                kind, uid, name = line.split()
                listed.append(name)
                if kind == "ADDED" and uid not in before:
                    seen.names.append(name)

        thread = threading.Thread(target=read)
        thread.start()
        try:
            poll(lambda: listed, lambda names: sign in names, what="a watch stands", seconds=30)
            yield seen
        finally:
            lives = process.poll() is None
            process.terminate()
            thread.join()
            kube.delete("job", sign, install.BUILDS)
    assert lives, "the watch on Jobs ended before the test did"


def _sign(name: str) -> dict[str, Any]:
    """Return a Job that is suspended, so that it never has a pod."""
    container = {"name": "none", "image": "none"}
    pod = {"restartPolicy": "Never", "containers": [container]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": install.MADE},
        "spec": {"suspend": True, "template": {"spec": pod}},
    }

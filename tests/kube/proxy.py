"""The API server as it is: `kubectl get` leaves out what it finds dull, managedFields above all."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.kube.kubectl import Kube, KubectlError


@contextmanager
def proxied(kube: Kube) -> Iterator[httpx.Client]:
    """Yield a client of the API server, with kubectl's rights."""
    command = kube.command("proxy", "--port=0")
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"127\.0\.0\.1:(\d+)", line)
            if not found:
                raise KubectlError(f"kubectl proxy: {line.strip()}")
            with httpx.Client(base_url=f"http://{found[0]}", timeout=60) as client:
                yield client
        finally:
            process.terminate()
            process.wait(timeout=10)

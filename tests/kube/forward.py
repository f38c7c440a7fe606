"""A port of 127.0.0.1 that leads to a Service or pod, for as long as it is needed."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.kube.kubectl import Kube, KubectlError


@contextmanager
def forwarded(kube: Kube, namespace: str, target: str, port: int) -> Iterator[str]:
    """Yield the address, as http://127.0.0.1:12345, of ``target`` (svc/hello, pod/hello-x)."""
    arguments = ("-n", namespace, "--address", "127.0.0.1", target, f":{port}")
    with listening(kube, "port-forward", *arguments, what=f"port-forward {target}") as address:
        yield address


@contextmanager
def listening(kube: Kube, *arguments: str, what: str) -> Iterator[str]:
    """Run a kubectl that listens on a port of its choice; yield its http:// address.

    Raises:
        KubectlError: It names no port; ``what`` is what it was to do.
    """
    command = kube.command(*arguments)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"127\.0\.0\.1:(\d+)", line)
            if not found:
                raise KubectlError(f"kubectl {what}: {line.strip()}")
            yield f"http://127.0.0.1:{found[1]}"
        finally:
            process.terminate()
            process.wait(timeout=10)

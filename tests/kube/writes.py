"""Whether the operator writes: an apply that changes nothing leaves no trace but in its log."""

import re

from tests.kube import install
from tests.kube.kubectl import Kube, poll

_WRITE = re.compile(r" DEBUG (?:POST|PUT|PATCH|DELETE) (?P<path>/apis?/\S+): \d{3}$", re.MULTILINE)


def assert_quiet(kube: Kube, namespace: str, seconds: int = 10, patience: float = 60) -> None:
    """The operator writes nothing in a namespace for that long; it may begin late.

    Raises:
        AssertionError: It always did; the message says what was written last.
    """
    who = ("-n", install.NAMESPACE, f"deployment/{install.OPERATOR}")
    assert written(kube.run("logs", *who), namespace), "it writes, and its log says so"
    poll(
        lambda: written(kube.run("logs", *who, f"--since={seconds}s"), namespace),
        lambda writes: not writes,
        what=f"the operator writes nothing in {namespace} for {seconds} s",
        seconds=patience,
    )


def written(log: str, namespace: str) -> list[str]:
    """Return the paths of what was written in a namespace, by the operator's log at debug level."""
    paths = (line["path"] for line in _WRITE.finditer(log))
    return [path for path in paths if f"/namespaces/{namespace}/" in path]

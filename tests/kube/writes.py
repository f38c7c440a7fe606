"""How often the API server was asked to write: a no-op apply leaves no other trace."""

import re
import time
from collections import Counter

from tests.kube.kubectl import Kube

# Those of the operator alone: others write Deployments and ConfigMaps, too.
_RESOURCES = frozenset(
    {("falapp.dev", "falapps"), ("falapp.dev", "environments"), ("batch", "jobs")}
)
_VERBS = frozenset({"POST", "PUT", "PATCH", "APPLY", "DELETE"})
_LINE = re.compile(r"^apiserver_request_total\{(?P<labels>.*)\} (?P<count>\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')

Writes = Counter[tuple[str, str]]
"""How many by verb and resource, as ("APPLY", "falapps/status")."""


def assert_quiet(kube: Kube, seconds: float = 10, patience: float = 60) -> None:
    """Nobody writes for that many seconds; they may begin late, for other apps may still settle.

    Raises:
        AssertionError: Somebody always did; the message says what was written last.
    """
    seen, since = counted(metrics(kube)), time.monotonic()
    deadline, last = since + patience, Counter[tuple[str, str]]()
    while time.monotonic() - since < seconds:
        assert time.monotonic() < deadline, f"still written after {patience:.0f} s: {last}"
        time.sleep(1)
        now = counted(metrics(kube))
        if now != seen:
            seen, since, last = now, time.monotonic(), now - seen


def metrics(kube: Kube) -> str:
    """Return the API server's metrics."""
    return kube.run("get", "--raw", "/metrics")


def counted(text: str) -> Writes:
    """Count the writes of the operator's objects in the API server's metrics."""
    found: Writes = Counter()
    for line in _LINE.finditer(text):
        labels = dict(_LABEL.findall(line["labels"]))
        of_ours = (labels.get("group"), labels.get("resource")) in _RESOURCES
        if of_ours and labels["verb"] in _VERBS and not labels.get("dry_run"):
            what = "/".join(filter(None, (labels["resource"], labels.get("subresource"))))
            found[labels["verb"], what] += int(float(line["count"]))
    return found

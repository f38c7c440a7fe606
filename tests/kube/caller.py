"""A pod that calls apps as other pods do."""

import json
from dataclasses import dataclass
from typing import Any

from tests.kube.kubectl import Kube, poll

# kube-proxy gathers changes for a second: a Service whose first endpoint is that young refuses.
POST = """\
import sys, time, urllib.error, urllib.request
url, body = sys.argv[1:]
request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"})
deadline = time.monotonic() + 15
while True:
    try:
        print(urllib.request.urlopen(request, timeout=30).read().decode())
        break
    except urllib.error.URLError as error:
        refused = isinstance(getattr(error, "reason", None), ConnectionRefusedError)
        # Met once: 404 of whoever was at the address before, in the first second of a Service.
        stranger = getattr(error, "code", 0) == 404 and time.monotonic() < deadline - 12
        if not (refused or stranger) or time.monotonic() > deadline:
            raise
    time.sleep(0.2)
"""


@dataclass(frozen=True)
class Caller:
    """A pod that calls apps as other pods do: by the name of their Service."""

    kube: Kube
    namespace: str

    def post(self, url: str, body: Any) -> Any:
        """POST ``body`` as JSON and return the answer."""
        text = self.kube.run(
            *("exec", "-n", self.namespace, "caller", "--"),
            *("python3", "-c", POST, url, json.dumps(body)),
        )
        return json.loads(text)

    def until(self, url: str, body: Any, answer: Any) -> None:
        """POST until the answer is ``answer``: nodes learn of new endpoints within seconds."""
        poll(
            lambda: self.post(url, body),
            lambda found: found == answer,
            what=f"{url} answers {answer}",
            seconds=15,
        )

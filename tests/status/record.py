"""Records the state of an object of the test cluster: ``python -m tests.status.record``.

    python -m tests.status.record falapp video hello Current ready

writes tests/status/recorded/ready.yaml: the object as the API server has it, what
`kubectl wait --for=condition=Ready` says of it, and the answer that tools are to give.
"""

import json
import sys
from pathlib import Path

import yaml

from tests.cluster import load
from tests.kube.kubectl import Kube, KubectlError

FOLDER = Path(__file__).parent / "recorded"
HEADER = """\
# Recorded from a cluster of `python -m tests.cluster up` (Kubernetes {version}) by
# `python -m tests.status.record {arguments}`.
"""


def record(kube: Kube, kind: str, namespace: str, name: str, answer: str, file: str) -> None:
    """Write what an object is now, its managed fields left out."""
    obj = kube.get(kind, name, namespace) or {}
    again = ("wait", f"{kind}/{name}", "-n", namespace, "--for=condition=Ready", "--timeout=0s")
    try:
        met = bool(kube.run(*again))
    except KubectlError as error:
        if "condition not met" not in str(error):
            raise
        met = False
    obj["metadata"].pop("managedFields", None)
    obj["metadata"].pop("annotations", None)
    version = json.loads(kube.run("version", "-o", "json"))["serverVersion"]["gitVersion"]
    arguments = " ".join((kind, "NAMESPACE", "NAME", answer, file))
    text = yaml.safe_dump(
        {"answer": answer, "kubectlWaitIsMet": met, "object": obj}, sort_keys=False, width=100
    )
    FOLDER.mkdir(exist_ok=True)
    header = HEADER.format(version=version, arguments=arguments)
    (FOLDER / f"{file}.yaml").write_text(header + text)


if __name__ == "__main__":
    record(Kube.of(load()), *sys.argv[1:])

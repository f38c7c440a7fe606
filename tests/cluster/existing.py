"""A cluster of the user's own: what the tests put there has a label, and only that goes again."""

import json
from pathlib import Path

from tests.cluster.choice import Way
from tests.cluster.run import Run

RELEASE = "falapp"
NAMESPACE = "falapp-system"
LABEL = ("falapp.dev/made-by", "tests")
"""On the namespaces and definitions of kinds that were not there before the tests came."""


def remove(run: Run) -> None:
    """Remove what the tests installed, if the last `up` used an existing cluster."""
    there = _recorded(run.cache.state)
    if there.get("way") != Way.EXISTING.value:
        return
    target = [f"--kubeconfig={there['kubeconfig']}"]
    kubectl = [there["kubectl"], *target, f"--context={there['context']}"]
    labelled = f"--selector={'='.join(LABEL)}"
    with run.progress.step("existing", f"removing what is ours from {there['context']}"):
        made = run.read([*kubectl, "get", "namespaces", labelled, "--output=name"]).split()
        if f"namespace/{NAMESPACE}" in made:  # else falapp was there before the tests came
            helm = [there["helm"], *target, f"--kube-context={there['context']}"]
            argv = [*helm, "uninstall", RELEASE, f"--namespace={NAMESPACE}", "--ignore-not-found"]
            run.call([*argv, "--wait", "--timeout=5m"], log="existing")
        for kind in ("customresourcedefinitions", "namespaces"):
            run.call([*kubectl, "delete", kind, labelled, "--timeout=5m"], log="existing")


def _recorded(state: Path) -> dict[str, str]:
    """Read the state file whatever version of the tool wrote it: these names have always been."""
    try:
        found: dict[str, str] = json.loads(state.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found

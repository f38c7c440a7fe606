import json

import pytest

from tests.cluster import existing
from tests.cluster.cache import Cache
from tests.cluster.progress import Progress
from tests.cluster.run import Run

STATE = {"context": "lab", "kubeconfig": "/cache/kubeconfig", "way": "existing"}
# Writes down how it was called, and answers what namespaces are labelled.
PROGRAM = """\
#!/bin/sh
echo "$(basename "$0") $*" >> {folder}/calls
case "$*" in *"get namespaces"*) echo {namespaces};; esac
"""


@pytest.fixture
def take_back(tmp_path):
    """Remove from a cluster whose labelled namespaces are given; return what was called."""

    def taken(namespaces, **changes):
        for name in ("kubectl", "helm"):
            program = tmp_path / name
            program.write_text(PROGRAM.format(folder=tmp_path, namespaces=namespaces))
            program.chmod(0o755)
        state = STATE | {name: str(tmp_path / name) for name in ("kubectl", "helm")} | changes
        cache = Cache(tmp_path / "cache")
        cache.prepare()
        cache.state.write_text(json.dumps(state))
        existing.remove(Run(cache, Progress(lambda _: None)))
        calls = tmp_path / "calls"
        return calls.read_text().splitlines() if calls.exists() else []

    return taken


DELETED = [
    f"kubectl --kubeconfig=/cache/kubeconfig --context=lab delete {kind}"
    " --selector=falapp.dev/made-by=tests --timeout=5m"
    for kind in ("customresourcedefinitions", "namespaces")
]


def test_what_carries_our_label_goes_and_the_release_with_it(take_back):
    asked, uninstalled, *deleted = take_back("namespace/e2e-1 namespace/falapp-system")
    assert asked.endswith("get namespaces --selector=falapp.dev/made-by=tests --output=name")
    assert uninstalled == (
        "helm --kubeconfig=/cache/kubeconfig --kube-context=lab uninstall falapp"
        " --namespace=falapp-system --ignore-not-found --wait --timeout=5m"
    )
    assert deleted == DELETED


def test_a_falapp_that_was_there_before_the_tests_stays(take_back):
    assert take_back("namespace/e2e-1")[1:] == DELETED


@pytest.mark.parametrize("way", ["pulled", "assembled"])
def test_a_cluster_of_ours_goes_as_a_whole(take_back, way):
    assert take_back("namespace/falapp-system", way=way) == []


def test_no_cluster_is_none_to_clean(tmp_path):
    existing.remove(Run(Cache(tmp_path), Progress(print)))

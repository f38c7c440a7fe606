from collections import Counter

import pytest

from tests.leaks import cells
from tests.leaks.canary import Canaries
from tests.leaks.places import without_own_words
from tests.servers.start import Server

KUBE = None
SERVERS = cells.Servers(*(Server(KUBE, "ns", name) for name in ("index", "git", "store")))
CANARIES = Canaries()
FAILING = cells.failing(CANARIES)
ALL = [*FAILING, *cells.succeeding(CANARIES, 0), *cells.succeeding(CANARIES, 1)]


def test_every_form_fails_in_every_way_with_a_value_of_its_own():
    assert len({(cell.form, cell.outcome) for cell in FAILING}) == 8 * 5
    assert len({cell.value for cell in ALL}) == len(ALL)


@pytest.mark.parametrize("outcome", ["", "401", "403", "404", "refused"])
def test_values_stand_in_requirements_and_in_secrets(outcome):
    found = Counter(cell.literal for cell in ALL if cell.outcome == outcome)
    assert found[True] >= 3
    assert found[False] >= 4


@pytest.mark.parametrize("cell", ALL, ids=lambda cell: f"{cell.form}-{cell.outcome or 'success'}")
def test_a_value_stands_in_the_requirements_or_in_the_secret_and_never_in_both(cell):
    written = " ".join(cells.requirements(cell, SERVERS, {}))
    assert (cell.value in written) == cell.literal
    assert (f"${{{cell.variable}}}" in written) != cell.literal
    assert cell.value in cells.value(cell, SERVERS, {})


def test_a_users_own_words_are_left_out_and_nothing_else():
    app = {
        "metadata": {
            "name": "a",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": (
                    '{"metadata":{"name":"a"},"spec":{"requirements":["x"],"env":["y"]}}'
                ),
                "other": "z",
            },
        },
        "spec": {"requirements": ["x"], "requirementLayers": [["x"]], "env": ["y"]},
        "status": {"message": "x"},
    }
    shown = without_own_words("FalApp", app)
    assert shown["spec"] == {"env": ["y"]}
    assert shown["status"] == {"message": "x"}
    annotations = shown["metadata"]["annotations"].values()
    assert list(annotations) == ["z", '{"metadata": {"name": "a"}, "spec": {"env": ["y"]}}']
    assert without_own_words("Environment", app) == app

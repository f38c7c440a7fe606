"""Secrets with logins: where the chart uses them, and where it says that they must be."""

import re

import pytest

from tests.contract.conftest import CHART
from tests.contract.test_chart import one


@pytest.mark.parametrize(
    ("values", "secrets"), [("minimal", None), ("full", [{"name": "operator-pull"}])]
)
def test_the_operators_image_is_pulled_with_secrets_of_its_namespace(render, values, secrets):
    pod = one(render(values), "Deployment")["spec"]["template"]["spec"]
    assert pod.get("imagePullSecrets") == secrets


def test_the_notes_name_every_secret_and_where_it_is_looked_for(run_helm):
    done = run_helm(
        *("install", "falapp", str(CHART), "--dry-run=client", "--kubeconfig=/dev/null"),
        *("--namespace=falapp-system", f"--values={CHART}/ci/full-values.yaml"),
    )
    assert done.returncode == 0, done.stderr
    notes = done.stdout.partition("\nNOTES:\n")[2]
    assert "secret/registry-push in builds\n" in notes
    assert "secret/registry-pull in builds, and in falapp-system for the operator\n" in notes
    assert "secret/images-pull in builds\n" in notes
    assert "secret/operator-pull in falapp-system\n" in notes
    table = [line for line in notes.split("\n\n")[1].splitlines() if line]
    assert {len(re.match(r"  \w+( \w+)? +", line)[0]) for line in table} == {16}, notes

"""The CRDs: current, structural, documented, bounded, and what users see of them."""

from pathlib import Path

import pytest
import yaml

from falapp_operator.api import crds
from tests.contract import structure
from tests.contract.conftest import ROOT

FILES = dict(crds.files(ROOT))
SCHEMAS = {
    kind.kind: crds.crd(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for kind in crds.KINDS
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_generated_file_is_current(path: Path):
    assert path.read_text() == FILES[path], "run `make generate`"


def test_make_check_names_a_stale_file(monkeypatch, capsys):
    stale = ROOT / "crds/falapps.yaml"
    before = stale.read_text()
    assert crds.main(["--check"]) == 0
    monkeypatch.setattr(crds, "files", lambda _: [(stale, before + "#")])
    assert crds.main(["--check"]) == 1
    assert "crds/falapps.yaml is stale" in capsys.readouterr().err
    assert stale.read_text() == before


@pytest.mark.parametrize("folder", ["crds", "charts/falapp/templates/crds"])
def test_nothing_else_stands_beside_generated_files(root, folder):
    assert set((root / folder).iterdir()) <= set(FILES)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_schema_is_structural(kind):
    assert list(structure.faults(SCHEMAS[kind])) == []


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_field_is_documented(kind):
    fields = {
        path: schema.get("description", "")
        for path, schema in structure.walk(SCHEMAS[kind])
        if path and path != ".metadata" and not path.endswith(("[]", "*"))
    }
    assert fields
    assert [path for path, text in fields.items() if not text.strip().endswith(".")] == []


@pytest.mark.parametrize("kind", SCHEMAS)
def test_everything_in_a_spec_has_a_limit(kind):
    assert list(structure.unbounded(SCHEMAS[kind]["properties"]["spec"])) == []


@pytest.mark.parametrize("kind", [k.kind for k in crds.KINDS if k.status])
def test_a_status_has_no_default_but_that_nobody_has_looked_yet(kind):
    """Without it, kstatus takes an object without conditions for finished."""
    status = SCHEMAS[kind]["properties"]["status"]
    defaults = {p: s["default"] for p, s in structure.walk(status) if "default" in s}
    tells = "observedGeneration" in status["properties"]
    assert tells or kind == "MachineType", "a count of nodes, with no conditions"
    assert defaults == ({"": {"observedGeneration": -1}} if tells else {})
    assert "required" not in status


@pytest.mark.parametrize("kind", SCHEMAS)
def test_no_default_has_a_field_that_the_api_server_does_not_know(kind):
    for path, found in structure.walk(SCHEMAS[kind]):
        default = found.get("default")
        if isinstance(default, dict):
            assert set(default) <= set(found.get("properties", ())), path


def test_replicas_has_a_default_for_the_scale_subresource():
    assert SCHEMAS["FalApp"]["properties"]["spec"]["properties"]["replicas"]["default"] == 1


@pytest.mark.parametrize(
    ("plural", "short", "scope", "subresources", "columns"),
    [
        (
            "falapps",
            "fa",
            "Namespaced",
            {"status", "scale"},
            "Ready Reason Machine Environment Replicas Desired Age +URL",
        ),
        (
            "environments",
            "fenv",
            "Namespaced",
            {"status"},
            "Ready Reason Age +Packages +Reused +Built +Size +Seconds +Image",
        ),
        ("machinetypes", "mt", "Cluster", {"status"}, "CPU Memory GPU GPUs Nodes Age"),
    ],
)
def test_what_kubectl_shows(root, plural, short, scope, subresources, columns):
    spec = yaml.safe_load((root / f"crds/{plural}.yaml").read_text())["spec"]
    (version,) = spec["versions"]
    shown = [
        ("+" if column.get("priority") else "") + column["name"]
        for column in version["additionalPrinterColumns"]
    ]
    assert spec["names"]["shortNames"] == [short]
    assert spec["names"]["categories"] == ["fal"]
    assert spec["scope"] == scope
    assert set(version.get("subresources", {})) == subresources
    assert " ".join(shown) == columns


@pytest.mark.parametrize("kind", crds.KINDS, ids=lambda kind: kind.kind)
def test_a_crd_stays_readable(kind, root):
    assert len((root / f"crds/{kind.plural}.yaml").read_text().splitlines()) < 700

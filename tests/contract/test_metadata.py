"""What Chart.yaml tells Artifact Hub is true."""

import tomllib

import pytest
import yaml

from falapp_operator.api import crds, falapp, meta
from tests.contract.conftest import CHART, ROOT

CHART_FILE = yaml.safe_load((CHART / "Chart.yaml").read_text())
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
ANNOTATIONS = {
    name.removeprefix("artifacthub.io/"): yaml.safe_load(text)
    for name, text in CHART_FILE["annotations"].items()
}


def test_the_version_is_the_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert CHART_FILE["version"] == CHART_FILE["appVersion"] == project["version"]
    assert ANNOTATIONS["license"] == project["license"]


def test_every_kind_is_listed():
    listed = [(kind["kind"], kind["version"], kind["name"]) for kind in ANNOTATIONS["crds"]]
    assert listed == [
        (kind.kind, meta.VERSION, f"{kind.plural}.{meta.GROUP}") for kind in crds.KINDS
    ]


def test_the_example_is_valid():
    (example,) = ANNOTATIONS["crdsExamples"]
    assert (example["apiVersion"], example["kind"]) == (meta.API_VERSION, "FalApp")
    spec = falapp.FalAppSpec.model_validate(example["spec"])
    assert spec.source.inline is not None
    compile(spec.source.inline["app.py"], "app.py", "exec")
    assert spec.machine_type in VALUES["machineTypes"]


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("kaniko", VALUES["images"]["kaniko"]),
        ("python", VALUES["images"]["pythons"]["3.11"]["base"]),
    ],
)
def test_images_are_those_of_the_values(name, image):
    assert {i["name"]: i["image"] for i in ANNOTATIONS["images"]}[name] == image

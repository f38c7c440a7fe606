"""Every example is one that the API server would take."""

from pathlib import Path

import yaml

from falapp_operator.api import falapp, meta
from falapp_operator.environment import manifest
from tests.contract.conftest import ROOT
from tests.unit import samples

EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir())


def pytest_generate_tests(metafunc):
    metafunc.parametrize("example", EXAMPLES, ids=lambda path: path.name)


def test_an_example_has_its_files(example: Path):
    assert {"app.py", "app.yaml", "README.md"} <= {path.name for path in example.iterdir()}


def test_the_falapp_is_valid(example: Path):
    (app,) = [
        o for o in yaml.safe_load_all((example / "app.yaml").read_text()) if o["kind"] == "FalApp"
    ]
    assert set(app) == {"apiVersion", "kind", "metadata", "spec"}
    assert app["apiVersion"] == meta.API_VERSION
    spec = falapp.FalAppSpec.model_validate(app["spec"])
    file = spec.entrypoint.split("::")[0]
    if spec.source.inline is not None:
        assert spec.source.inline[file] == (example / file).read_text()
    # What the API server cannot see: requirements, their secrets, the Dockerfile.
    made = manifest.spec_of(spec, "3.11", samples.settings())
    assert made.layers

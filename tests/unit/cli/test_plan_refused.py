"""`falapp plan`: what is asked of machine types, and what is refused before it is applied."""

import pytest
import yaml

from falapp_cli.errors import InputError
from falapp_cli.main import run
from tests.unit import samples
from tests.unit.cli.test_plan import foreseen, pod_of
from tests.unit.cli.test_render import HERE as CATALOGUE


def test_fallbacks_and_gpus():
    size = {"cpu": "4", "memory": "8Gi", **samples.GPU}
    settings = samples.settings(machineTypes={"GPU-A": size, "GPU-B": size | {"memory": "6Gi"}})
    app = samples.app(machineType="GPU-A", machineTypeFallbacks=["gpu-b"], numGPUs=2)
    spec = pod_of(foreseen(app, settings))
    limits = {"cpu": "8", "memory": "12Gi", "nvidia.com/gpu": "2"}
    assert spec["containers"][0]["resources"]["limits"] == limits
    assert "preferredDuringSchedulingIgnoredDuringExecution" in spec["affinity"]["nodeAffinity"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"machineType": "GPU-X"}, "UnknownMachineType: spec.machineType: there is no"),
        ({"machineType": "GPU-X", "suspend": True}, "UnknownMachineType: spec.machineType: there"),
        ({"machineTypeFallbacks": ["GPU-X"]}, "spec.machineTypeFallbacks: there is no MachineType"),
        ({"numGPUs": 2}, "InvalidSpec: spec.numGPUs: 2 are asked for, and machine type 'S' has"),
        ({"pythonVersion": "3.9"}, "UnsupportedPython: spec.pythonVersion: 3.9"),
        ({"requirements": ["./here"]}, "InvalidRequirement: spec.requirements"),
        ({"requirements": ["x @ ${NOPE}"]}, "spec.requirementSecrets: ${NOPE}"),
        ({"entrypoint": "other.py"}, "spec.entrypoint: its file is not among those"),
        ({"startupTimeout": "soon"}, "spec.startupTimeout"),
        ({"nonsense": 1}, "spec.nonsense"),
        ({"machine_type": "XL"}, "spec.machine_type: there is no such field, only machineType"),
        ({"requirementLayers": [["a"]]}, "spec: give requirements or requirementLayers, not both"),
        ({"env": [{"name": "A", "value": "1"}] * 2}, "spec.env[1].name: 'A' is in the list"),
    ],
)
def test_what_the_operator_would_call_stalled_is_refused(changes, says):
    with pytest.raises(InputError) as caught:
        foreseen(samples.app(**changes))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["A_B", "1abc"])
def test_a_name_that_no_falapp_can_have_is_refused(name, tmp_path, capsys):
    file = tmp_path / "app.yaml"
    file.write_text(yaml.safe_dump(samples.app(name)))
    assert run(["plan", "-f", str(file)]) == 3
    assert f"FalApp {name}: metadata.name: a FalApp's name is its host" in capsys.readouterr().err
    assert run(["render", str(CATALOGUE / "minimal.py"), "--name", name]) == 3
    assert f"name: {name!r} cannot be a FalApp's name" in capsys.readouterr().err

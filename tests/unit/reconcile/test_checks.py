import pytest

from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.errors import UserError
from falapp_operator.reconcile import checks
from tests.unit import samples
from tests.unit.reconcile.snapshots import SETTINGS, seen


def foreign(kind, version):
    owner = {"apiVersion": "example.org/v1", "kind": "Web", "name": "hello", "uid": "uid-of-a-web"}
    metadata = samples.metadata("hello", ownerReferences=[owner])
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


CONFIG_MAP = {"configMap": {"name": "files"}}


@pytest.mark.parametrize(
    ("snapshot", "reason", "message"),
    [
        (
            seen(samples.app(machineType="GPU-H200"), machine_type=False),
            "UnknownMachineType",
            "spec.machineType: there is no MachineType 'GPU-H200'; use one of: gpu-h100, s; or"
            " create it",
        ),
        (
            seen(samples.app(machineType=None), machine_type=False, machine_types=()),
            "UnknownMachineType",
            "spec.machineType: there is no MachineType 'S'; use one of: none at all; or create it",
        ),
        (
            seen(samples.app(pythonVersion="3.9"), python="3.9"),
            "UnsupportedPython",
            "spec.pythonVersion: 3.9 is not among this operator's versions; use one of: 3.11",
        ),
        (
            seen(
                samples.app(
                    source={
                        "image": {"name": "registry.example:5000/environments:env-1", "path": "/x"}
                    }
                )
            ),
            "InvalidSpec",
            "spec.source.image.name: registry.example:5000/environments:env-1 is an environment,"
            " which may be another namespace's; name the image that it is made from, and list its"
            " packages as requirements",
        ),
        (
            seen(samples.app(source=CONFIG_MAP), files=None),
            "ConfigMapNotFound",
            "spec.source.configMap: there is no ConfigMap 'files' in namespace video; create it and"
            " the app goes on by itself",
        ),
        (
            seen(samples.app(source={"inline": dict.fromkeys(("app.py", "b"), "字" * 200000)})),
            "InvalidSpec",
            "spec.source.inline: the files together have 1,200,000 bytes in UTF-8, and a ConfigMap"
            " takes 1,000,000; keep them in git and name it in source.git",
        ),
        (
            seen(samples.app(entrypoint="main.py::Hello")),
            "InvalidSpec",
            "spec.entrypoint: the source has no file 'main.py'; it has: app.py",
        ),
        (
            seen(samples.app(source=CONFIG_MAP), files={}),
            "ConfigMapNotFound",
            "spec.entrypoint: the source has no file 'app.py'; it has: none",
        ),
        (
            seen(deployment=foreign("Deployment", "apps/v1")),
            "NameTaken",
            "metadata.name: a Deployment 'hello' exists that is not this FalApp's; rename one",
        ),
        (
            seen(service=foreign("Service", "v1")),
            "NameTaken",
            "metadata.name: a Service 'hello' exists that is not this FalApp's; rename one",
        ),
    ],
)
def test_each_error_names_field_value_and_way_out(snapshot, reason, message):
    error = checks.first_error(snapshot, SETTINGS)
    assert (error.reason, error.message) == (reason, message)


@pytest.mark.parametrize(
    "app",
    [
        samples.app(),
        samples.app(entrypoint="app.py"),
        samples.app(pythonVersion="3.11"),
        samples.app(source={"inline": {"app.py": "", "more.py": ""}}),
    ],
)
def test_a_usable_app_passes(app):
    assert checks.first_error(seen(app), SETTINGS) is None


def test_the_first_of_several_errors_counts():
    snapshot = seen(samples.app(entrypoint="no.py"), machine_type=False, python="3.9")
    assert checks.first_error(snapshot, SETTINGS).reason == "UnknownMachineType"


def machine(**spec):
    return MachineTypeSpec.model_validate({"cpu": "1", "memory": "1Gi"} | spec)


GPU = machine(**samples.GPU)
EIGHT = machine(**samples.GPU | {"gpu": {"resource": "nvidia.com/gpu", "count": 8}})
AMD = machine(**samples.GPU | {"gpu": {"resource": "amd.com/gpu", "count": 1}})
PLAIN = machine(**{k: v for k, v in samples.GPU.items() if k != "runtimeClassName"})
CUDA = machine(**samples.GPU | {"profile": {"accelerator": "cuda", "cudaVersion": "12.8"}})
BROKEN = UserError("InvalidSpec", "MachineType 'gpu-x': spec.x: no")


def falling(*fallbacks, first=GPU, **spec):
    """Return a snapshot of an app on GPU-H100 that falls back to GPU-X, GPU-Y …"""
    names = ["GPU-X", "GPU-Y"][: len(fallbacks)]
    app = samples.app(machineType="GPU-H100", machineTypeFallbacks=names or None, **spec)
    return seen(app, machine=first, fallbacks=fallbacks, machine_types=("gpu-h100", "s"))


@pytest.mark.parametrize(
    ("snapshot", "reason", "message"),
    [
        (
            falling(GPU, None),
            "UnknownMachineType",
            "spec.machineTypeFallbacks: there is no MachineType 'GPU-Y'; use one of: gpu-h100, s;"
            " or create it",
        ),
        (
            falling(GPU, first=None),
            "UnknownMachineType",
            "spec.machineType: there is no MachineType 'GPU-H100'; use one of: gpu-h100, s; or"
            " create it",
        ),
        (falling(BROKEN), "InvalidSpec", BROKEN.message),
        (
            falling(GPU, AMD),
            "InvalidSpec",
            "spec.machineTypeFallbacks: 'GPU-Y' has 1 amd.com/gpu and 'GPU-H100' has 1"
            " nvidia.com/gpu, and a runner is the same wherever it runs; take it out, or name one"
            " with 1 nvidia.com/gpu",
        ),
        (
            falling(EIGHT),
            "InvalidSpec",
            "spec.machineTypeFallbacks: 'GPU-X' has 8 nvidia.com/gpu and 'GPU-H100' has 1"
            " nvidia.com/gpu, and a runner is the same wherever it runs; take it out, or name one"
            " with 1 nvidia.com/gpu",
        ),
        (
            falling(machine()),
            "InvalidSpec",
            "spec.machineTypeFallbacks: 'GPU-X' has no GPU and 'GPU-H100' has 1 nvidia.com/gpu, and"
            " a runner is the same wherever it runs; take it out, or name one with 1"
            " nvidia.com/gpu",
        ),
        (
            falling(PLAIN),
            "InvalidSpec",
            "spec.machineTypeFallbacks: 'GPU-X' has no runtimeClassName and 'GPU-H100' has the"
            " runtimeClassName nvidia, and a runner is the same wherever it runs; take it out, or"
            " name one with the runtimeClassName nvidia",
        ),
        (
            falling(GPU, first=CUDA),
            "InvalidSpec",
            "spec.machineTypeFallbacks: 'GPU-X' has no profile and 'GPU-H100' has the profile cuda"
            " 12.8, and a runner is the same wherever it runs; take it out, or name one with the"
            " profile cuda 12.8",
        ),
        (
            seen(samples.app(numGPUs=2)),
            "InvalidSpec",
            "spec.numGPUs: 2 are asked for, and machine type 'S' has no GPU; take numGPUs out, or"
            " name a machineType with GPUs",
        ),
    ],
)
def test_machine_types_that_do_not_go_together(snapshot, reason, message):
    error = checks.first_error(snapshot, SETTINGS)
    assert (error.reason, error.message) == (reason, message)


@pytest.mark.parametrize(
    "snapshot", [falling(GPU, GPU), falling(GPU, numGPUs=4), falling(numGPUs=1)]
)
def test_machine_types_that_do(snapshot):
    assert checks.first_error(snapshot, SETTINGS) is None

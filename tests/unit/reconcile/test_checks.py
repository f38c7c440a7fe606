import pytest

from falapp_operator.reconcile import checks
from tests.unit import samples
from tests.unit.reconcile.snapshots import SETTINGS, seen


def foreign(kind, version):
    owner = {"kind": "FalApp", "name": "hello", "uid": "uid-of-a-former-hello"}
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

"""The chart: it renders, says what the operator reads, and asks for no more than it needs."""

import json
import re

import pytest
import yaml

from falapp_operator import settings
from falapp_operator.api import machinetype, stores
from tests.contract.conftest import CHART, VALUES

SECURITY = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def one(objects, kind):
    (found,) = [o for o in objects if o["kind"] == kind]
    return found


def load(objects, tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text(one(objects, "ConfigMap")["data"]["settings.yaml"])
    return settings.Settings.load(path)


@pytest.mark.parametrize("values", VALUES)
def test_lint(run_helm, values):
    done = run_helm("lint", "--strict", str(CHART), f"--values={CHART}/ci/{values}-values.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_template_holds_one_kind():
    for path in (CHART / "templates").rglob("*.yaml"):
        assert len(re.findall(r"^kind:", path.read_text(), re.MULTILINE)) == 1, path


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "registry.repository: name the repository"),
        (["--set=registry.repository=r.example/e"], "images.builder: name the builder's image"),
        (["--set=registry.repository=https://r.example/e"], "/registry/repository"),
        (["--set=registri.repository=r.example/e"], "'registri' not allowed"),
        (["--set=builds.timeout=ten"], "/builds/timeout"),
        (["--set=machineTypes.S.cpus=2"], "/machineTypes/S': additional properties 'cpus'"),
        (["--set=machineTypes.S.cpu=two"], "/machineTypes/S/cpu"),
        (["--set=machineTypes.S.sharedMemory=much"], "/machineTypes/S/sharedMemory"),
        (["--set=machineTypes.S.driverCapabilities={cuda}"], "/machineTypes/S/driverCapabilities"),
        (["--set=builds.keepOffGPUNodes=maybe"], "/builds/keepOffGPUNodes"),
        (["--set=imagePullPolicy=Sometimes"], "/imagePullPolicy"),
        (["--set=operator.replicas=0"], "/operator/replicas"),
        (["--set=builds.maxConcurrent=0"], "/builds/maxConcurrent"),
        (["--set=builds.wheelCache.size=9Gi"], "/builds/wheelCache': additional properties 'size'"),
        (["--set=registry.pushSecret=Not_A_Name"], "/registry/pushSecret"),
        (["--set=registry.retention.after=30d"], "/registry/retention/after"),
        (["--set=registry.retention.every=1h"], "/registry/retention': additional properties"),
        (["--set=requirementSecrets.namespaces={video,a*}"], "/requirementSecrets/namespaces/1"),
        (["--set=runners.imagePullSecrets=pull"], "/runners/imagePullSecrets"),
        (["--set=operator.imagePullSecrets={pull}"], "/operator/imagePullSecrets/0"),
        (["--set=operator.imagePullSecrets[0].name=Pull"], "/operator/imagePullSecrets/0/name"),
    ],
)
def test_a_wrong_value_is_named(run_helm, arguments, says):
    done = run_helm("template", "falapp", str(CHART), *arguments)
    assert done.returncode != 0
    assert says in done.stderr


def test_the_full_values_name_every_option():
    def leaves(value, path=()):
        if not isinstance(value, dict) or not value or path[:1] == ("machineTypes",):
            return {path}
        return {leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))}

    full, default = (
        leaves(yaml.safe_load((CHART / name).read_text()))
        for name in ("ci/full-values.yaml", "values.yaml")
    )
    assert {path for path in default if not any(f[: len(path)] == path for f in full)} == set()


def test_every_value_has_a_comment():
    lines = (CHART / "values.yaml").read_text().split("\nmachineTypes:")[0].splitlines()
    bare = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if re.match(r"( {2}){0,1}[a-zA-Z]+:", line) and not before.lstrip().startswith("#")
    ]
    assert bare == []


def test_the_values_schema_knows_every_value():
    schema = json.loads((CHART / "values.schema.json").read_text())["properties"]
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert set(schema) == {*values, "global"}
    for name in set(values) - {"imagePullPolicy", "defaultPython", "resyncSeconds", "machineTypes"}:
        assert set(schema[name]["properties"]) == set(values[name]), name


def test_the_settings_load(chart, tmp_path):
    loaded = load(chart, tmp_path)
    assert loaded.default_python in loaded.pythons
    assert "GPU-H100" in loaded.machine_types


def test_the_settings_say_what_the_values_say(render, tmp_path):
    few, all_ = (load(render(values), tmp_path) for values in VALUES)
    assert few.custom_ca is None
    assert few.builds.timeout == "1h"
    assert few.registry == settings.Registry(repository="registry.example/environments")
    assert str(all_.custom_ca) == "/etc/falapp/ca/ca.crt"
    assert all_.registry.insecure
    assert (all_.registry.push_secret, all_.registry.pull_secret) == (
        "registry-push",
        "registry-pull",
    )
    assert (few.builds.max_concurrent, few.builds.wheel_cache) == (4, "")
    assert (all_.builds.max_concurrent, all_.builds.wheel_cache) == (2, "wheels")
    assert few.runners.image_pull_secrets == ()
    assert all_.runners.image_pull_secrets == ("environments-pull",)
    assert few.runners.files == stores.Files()
    assert (all_.runners.files.store, all_.runners.files.bucket.prefix) == ("bucket", "apps/")
    assert (few.builds.keep_off_gpu_nodes, all_.builds.keep_off_gpu_nodes) == (
        "preferred",
        "required",
    )
    assert all_.builds.resources["requests"]["cpu"] == 2
    assert all_.builds.tolerations == (
        machinetype.Toleration(
            key="dedicated", operator="Equal", value="builds", effect="NoSchedule"
        ),
    )
    assert set(all_.pythons) == {"3.11", "3.12"}
    assert set(few.machine_types) - set(all_.machine_types) == {"XS"}, "null takes a value back"
    assert all_.machine_types["S"].cpu == "500m"
    assert all_.machine_types["S"].memory == "1Gi", "what is not said stays"


def test_changed_settings_restart_the_operator(render):
    def checksum(*arguments):
        template = one(render("minimal", *arguments), "Deployment")["spec"]["template"]
        return template["metadata"]["annotations"]["checksum/settings"]

    assert checksum() == checksum()
    assert checksum() != checksum("--set=resyncSeconds=60")


def test_the_operator_passes_pod_security_restricted(chart):
    deployment = one(chart, "Deployment")["spec"]
    pod = deployment["template"]["spec"]
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert all(set(v) & {"configMap", "emptyDir", "secret"} for v in pod["volumes"])
    (container,) = pod["containers"]
    assert container["securityContext"] == SECURITY
    assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
    for probe, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/livez")):
        assert container[probe]["httpGet"] == {"path": path, "port": "health"}
    (port,) = container["ports"]
    assert port["containerPort"] == settings.Settings.model_fields["health_port"].default
    assert container["resources"]["requests"]
    assert container["resources"]["limits"]


@pytest.mark.parametrize(("values", "replicas"), [("minimal", 2), ("full", 3)])
def test_one_operator_works_and_others_stand_by(render, tmp_path, values, replicas):
    objects = render(values)
    deployment = one(objects, "Deployment")
    assert deployment["spec"]["replicas"] == replicas
    assert deployment["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }
    lease = load(objects, tmp_path).lease
    assert lease == settings.Lease(
        name=deployment["metadata"]["name"], namespace=deployment["metadata"]["namespace"]
    )
    assert lease.seconds == 15
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    budget = one(objects, "PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    affinity = deployment["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"]
    (apart,) = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    for selector in (budget["selector"], apart["podAffinityTerm"]["labelSelector"]):
        assert selector["matchLabels"].items() <= labels.items()


def test_the_drain_of_the_only_operators_node_is_not_kept_back(render):
    objects = render("minimal", "--set=operator.replicas=1")
    assert one(objects, "Deployment")["spec"]["replicas"] == 1
    assert not [o for o in objects if o["kind"] == "PodDisruptionBudget"]


def test_volumes_are_mounted_where_the_settings_say(render, tmp_path):
    objects = render("full")
    pod = one(objects, "Deployment")["spec"]["template"]["spec"]
    volumes = {v["name"]: v for v in pod["volumes"]}
    mounts = {m["name"]: m["mountPath"] for m in pod["containers"][0]["volumeMounts"]}
    assert set(volumes) == set(mounts) == {"settings", "ca", "registry", "tmp"}
    assert mounts["settings"] == str(settings.PATH)
    assert f"{mounts['ca']}/ca.crt" == str(load(objects, tmp_path).custom_ca)
    assert volumes["ca"]["configMap"] == {
        "name": "company-ca",
        "items": [{"key": "bundle.pem", "path": "ca.crt"}],
    }
    assert volumes["settings"]["configMap"]["name"] == one(objects, "ConfigMap")["metadata"]["name"]
    assert f"{mounts['registry']}/config.json" == str(load(objects, tmp_path).registry.credentials)
    assert volumes["registry"]["secret"] == {
        "secretName": "registry-pull",
        "items": [{"key": ".dockerconfigjson", "path": "config.json"}],
    }


def test_without_credentials_none_are_mounted(render, tmp_path):
    objects = render("minimal")
    assert load(objects, tmp_path).registry.credentials is None
    volumes = one(objects, "Deployment")["spec"]["template"]["spec"]["volumes"]
    assert not [v for v in volumes if "secret" in v]


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        ([], True),
        (["--set=builds.createNamespace=false"], False),
        (["--set=builds.namespace=falapp-system"], False),
    ],
)
def test_the_namespace_of_builds(render, arguments, made):
    found = [o["metadata"] for o in render("minimal", *arguments) if o["kind"] == "Namespace"]
    assert bool(found) == made
    for metadata in found:
        assert metadata["name"] == "falapp-builds"
        assert metadata["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
        assert metadata["annotations"] == {"helm.sh/resource-policy": "keep"}


@pytest.mark.parametrize(
    ("arguments", "crds", "kept"),
    [
        ([], 3, True),
        (["--set=crds.keep=false"], 3, False),
        (["--set=crds.install=false"], 0, False),
    ],
)
def test_crds_are_installed_and_kept_as_asked(render, arguments, crds, kept):
    found = [o for o in render("minimal", *arguments) if o["kind"] == "CustomResourceDefinition"]
    assert len(found) == crds
    for crd in found:
        assert ("annotations" in crd["metadata"]) == kept


def test_the_charts_crds_are_those_of_the_folder(render, root):
    for crd in render("minimal"):
        if crd["kind"] == "CustomResourceDefinition":
            plural = crd["spec"]["names"]["plural"]
            ours = yaml.safe_load((root / f"crds/{plural}.yaml").read_text())
            assert crd["spec"] == ours["spec"]


def test_the_chart_holds_no_custom_resource(chart):
    """Helm cannot map a kind that the same release defines: the first install would fail."""
    assert not [o for o in chart if o["apiVersion"].startswith("falapp.dev/")]


def test_the_readme_names_every_value():
    text = (CHART / "README.md").read_text()
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    names = [
        name if not isinstance(inner, dict) or name == "machineTypes" else f"{name}.{key}"
        for name, inner in values.items()
        for key in (inner if isinstance(inner, dict) and name != "machineTypes" else [""])
    ]
    assert [name for name in names if f"`{name}" not in text] == []

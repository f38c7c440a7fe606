import dataclasses

import pytest

from falapp_operator.api import meta
from falapp_operator.runner.pod import template
from falapp_runner import contract
from tests.unit import samples

RESTRICTED_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral",
    "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip


CLAIM = {
    "name": "data",
    "mountPath": "/data",
    "persistentVolumeClaim": {"claimName": "weights"},
}


def containers(made):
    return {c["name"]: c for c in (*made["spec"]["initContainers"], *made["spec"]["containers"])}


def revision(runner):
    return template(runner)["metadata"]["annotations"][meta.ANNOTATION_REVISION]


def variables(runner):
    return {v["name"]: v for v in containers(template(runner))["runner"]["env"]}


@pytest.mark.parametrize("machine", [{}, samples.GPU], ids=["cpu", "gpu"])
def test_it_passes_pod_security_restricted(make_runner, machine):
    """Each control of the profile, in the words of the Pod Security Standards."""
    made = template(make_runner(machine=machine))
    spec = made["spec"]
    assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & set(spec)
    assert {k for v in spec["volumes"] for k in v if k != "name"} <= RESTRICTED_VOLUMES
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"sysctls", "seLinuxOptions", "appArmorProfile"} & set(spec["securityContext"])
    for container in containers(made).values():
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert not {"privileged", "procMount", "runAsUser", "runAsNonRoot"} & set(context)
        assert not [p for p in container.get("ports", ()) if "hostPort" in p]


def test_it_goes_further_than_restricted(make_runner):
    made = template(make_runner())
    assert made["spec"]["automountServiceAccountToken"] is False
    assert made["spec"]["enableServiceLinks"] is False
    assert made["spec"]["shareProcessNamespace"] is True, "process 1 never hears an early SIGTERM"
    assert all(c["securityContext"]["readOnlyRootFilesystem"] for c in containers(made).values())


def test_the_runtime_comes_in_first_and_cannot_be_written_to_later(make_runner):
    made = containers(template(make_runner()))
    assert list(made) == ["runtime", "runner"]
    script = made["runtime"]["command"][-1]
    assert f"cp -r {contract.RUNTIME_IN_IMAGE}/. {contract.RUNTIME}/" in script
    assert f"for file in {contract.SOURCE}/* {contract.SOURCE}/.[!.]*" in script
    assert f'cp -L "$file" {contract.COPIED}/' in script
    mounts = {m["mountPath"]: m.get("readOnly", False) for m in made["runner"]["volumeMounts"]}
    home = variables(make_runner())["HOME"]["value"]
    assert mounts == {contract.RUNTIME: True, contract.APP: False, home: False}
    assert (made["runtime"]["image"], made["runner"]["image"]) == ("runtime:3.11", samples.IMAGE)
    assert made["runner"]["command"] == [contract.PYTHON, contract.BOOT]
    assert made["runner"]["workingDir"] == contract.APP


def test_every_mount_has_its_volume(make_runner):
    made = template(make_runner())
    volumes = {v["name"] for v in made["spec"]["volumes"]}
    assert {m["name"] for c in containers(made).values() for m in c["volumeMounts"]} == volumes


def test_only_the_runner_gets_the_gpu(make_runner):
    made = containers(template(make_runner(machine=samples.GPU)))
    assert made["runner"]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert "nvidia.com/gpu" not in made["runtime"]["resources"]["limits"]


def test_images_are_pulled_with_the_secrets_of_the_settings(make_runner):
    assert "imagePullSecrets" not in template(make_runner())["spec"]
    made = template(make_runner(pull_secrets=["environments", "runtime"]))["spec"]
    assert made["imagePullSecrets"] == [{"name": "environments"}, {"name": "runtime"}]


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [(None, 24 * 3600), ("90s", 90), ("20m", 1200), ("1h30m", 5400)],
)
def test_the_gate_is_behind_the_probes(make_runner, timeout, seconds):
    """Where the FalApp says nothing, the class may: the kubelet waits, and the runner knows."""
    runner = containers(template(make_runner(startupTimeout=timeout)))["runner"]
    control = next(p for p in runner["ports"] if p["name"] == "control")
    assert control["containerPort"] == contract.CONTROL_PORT
    probes = {k: runner[k] for k in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert [p["httpGet"]["path"] for p in probes.values()] == ["/startup", "/ready", "/live"]
    assert {p["httpGet"]["port"] for p in probes.values()} == {"control"}
    startup = probes["startupProbe"]
    patience = startup["failureThreshold"] * startup["periodSeconds"]
    assert patience == seconds + contract.STARTUP_SLACK_SECONDS
    assert {p.get("terminationGracePeriodSeconds") for p in probes.values()} == {30, None}


@pytest.mark.parametrize(("grace", "seconds"), [(None, 3600), ("2m", 120)])
def test_the_kubelet_waits_for_the_end_as_long_as_the_runner_may_take(make_runner, grace, seconds):
    made = template(make_runner(terminationGracePeriod=grace))
    assert made["spec"]["terminationGracePeriodSeconds"] == seconds


OPTIONS = {
    "maxMultiplexing": (8, contract.MAX_MULTIPLEXING, "8"),
    "requestTimeout": ("5m", contract.REQUEST_TIMEOUT, "300"),
    "startupTimeout": ("20m", contract.STARTUP_TIMEOUT, "1200"),
    "terminationGracePeriod": ("2m", contract.GRACE_SECONDS, "120"),
}


@pytest.mark.parametrize("field", OPTIONS)
def test_an_option_reaches_the_runner_and_is_absent_where_the_class_decides(make_runner, field):
    value, name, text = OPTIONS[field]
    assert variables(make_runner(**{field: value}))[name] == {"name": name, "value": text}
    assert name not in variables(make_runner())


def test_the_users_variables_come_last_and_win(make_runner):
    secret = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "hf", "key": "token"}}}
    setting = {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "mode"}}}
    home = {"name": "HOME", "value": "/data/home"}
    runner = make_runner(env=[secret, home, setting])
    names = [v["name"] for v in containers(template(runner))["runner"]["env"]]
    assert sorted(names) == sorted(set(names))
    assert names[-3:] == ["TOKEN", "HOME", "MODE"]
    assert variables(runner)["HOME"] == home
    assert variables(runner)["TOKEN"] == secret
    assert variables(runner)[contract.ENTRYPOINT]["value"] == "app.py::Hello"


@pytest.mark.parametrize(
    "change",
    [
        {"entrypoint": "app.py::Other"},
        {"env": [{"name": "A", "value": "1"}]},
        {"startupTimeout": "1m"},
        {"maxMultiplexing": 4},
        {"requestTimeout": "1m"},
        {"envFrom": [{"secretRef": {"name": "keys"}}]},
        {"volumes": [CLAIM]},
        {"terminationGracePeriod": "1m"},
        {"machine": {"cpu": "2"}},
        {"image": f"registry.example/environments@sha256:{'b' * 64}"},
        {"runtime": "runtime:new"},
        {"pull_secrets": ["environments"]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_changes_the_pod_changes_the_revision(make_runner, change):
    assert revision(make_runner(**change)) != revision(make_runner())


def test_changed_code_changes_the_revision(make_runner):
    runner = make_runner()
    assert revision(dataclasses.replace(runner, source="hello-source-87654321")) != revision(runner)


def test_each_restart_is_a_revision_of_its_own(make_runner):
    made = [template(dataclasses.replace(make_runner(), restart=r)) for r in ("", "1", "2", "1")]
    revisions = [t["metadata"]["annotations"][meta.ANNOTATION_REVISION] for t in made]
    assert len(set(revisions)) == 3
    assert revisions[1] == revisions[3]
    assert made[0]["spec"] == made[1]["spec"]
    assert meta.ANNOTATION_RESTART not in made[0]["metadata"]["annotations"]
    assert made[1]["metadata"]["annotations"][meta.ANNOTATION_RESTART] == "1"


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"replicas": 5},
        {"suspend": True},
        {"rollout": {"type": "Recreate"}},
        {"requirements": ["requests"]},  # what is in the image is the image's digest's affair
        {"machineType": "other-name-of-the-same"},
        {"source": {"configMap": {"name": "same-files"}}},
    ],
    ids=str,
)
def test_nothing_else_changes_the_revision(make_runner, change):
    assert revision(make_runner(**change)) == revision(make_runner())


def test_the_pods_are_the_apps(make_runner):
    labels = template(make_runner(app="wan"))["metadata"]["labels"]
    assert labels == {meta.LABEL_APP: "wan", meta.LABEL_MANAGED_BY: "falapp"}

import json
from pathlib import Path

import pytest

from falapp_operator.api import meta
from falapp_operator.environment import job as jobs
from falapp_operator.environment import key
from tests.unit import golden, samples

OWNER = {"apiVersion": "batch/v1", "kind": "Job", "name": "env-x", "uid": "uid-of-job"}
SECRETS = "https://user:hunter2@pypi.example/simple?token=hunter2"


def build(*, custom_ca=False, **spec):
    made = samples.environment_spec(**spec)
    return jobs.Build(name=key.name(made), spec=made, custom_ca=custom_ca)


def pod(build, **settings):
    return jobs.job(build, samples.settings(**settings))["spec"]["template"]["spec"]


def steps(pod):
    return {c["name"]: c for c in (*pod["initContainers"], *pod["containers"])}


def mounts(container):
    return {m["mountPath"]: m for m in container["volumeMounts"]}


def test_the_manifests_of_a_build():
    made = build(custom_ca=True, layers=(("requests==2.32.3",), ("--pre", "pillow")))
    settings = samples.settings(
        builds={
            "timeout": "30m",
            "resources": {"limits": {"memory": "4Gi"}},
            "nodeSelector": {"kubernetes.io/arch": "amd64"},
            "tolerations": [{"key": "builds", "operator": "Exists"}],
            "extraArgs": ["--verbosity=debug"],
        }
    )
    golden.check(
        Path(__file__).parent / "build.golden.yaml",
        jobs.custom_ca("-----BEGIN CERTIFICATE-----\n", settings),
        jobs.job(made, settings),
        jobs.request(made, settings, OWNER),
    )


def test_resolve_then_build_then_publish():
    made = pod(build())
    assert [c["name"] for c in made["initContainers"]] == ["tools", "resolve", "build"]
    assert [c["name"] for c in made["containers"]] == ["publish"]
    assert [c["image"] for c in steps(made).values()] == [
        "builder:v1",
        samples.BASE,
        "kaniko:v1.24.0",
        "builder:v1",
    ]


@pytest.mark.parametrize(
    ("step", "user", "added"),
    [
        ("tools", 65532, None),
        ("resolve", 65532, None),
        ("build", 0, ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "SETFCAP"]),
        ("publish", 0, None),
    ],
)
def test_each_step_has_its_user_and_capabilities_and_no_others(step, user, added):
    context = steps(pod(build()))[step]["securityContext"]
    expected = {"drop": ["ALL"]} | ({"add": added} if added else {})
    assert context["capabilities"] == expected
    assert context["runAsUser"] == context["runAsGroup"] == user
    assert context.get("runAsNonRoot", False) == (user != 0)
    assert context["allowPrivilegeEscalation"] is False
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert "privileged" not in context


def test_no_step_can_talk_to_the_api_server():
    made = pod(build())
    assert made["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in made
    assert not {"hostPath", "secret", "projected"} & {k for v in made["volumes"] for k in v}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(made)


def test_what_each_step_can_write_to():
    writable = {
        name: {path for path, m in mounts(c).items() if not m.get("readOnly")}
        for name, c in steps(pod(build(custom_ca=True))).items()
    }
    assert writable == {
        "tools": {"/kaniko/falapp"},
        "resolve": {"/kaniko/lock"},
        "build": {"/kaniko/out", "/workspace"},
        "publish": set(),
    }


def test_every_mount_has_its_volume():
    made = pod(build(custom_ca=True))
    volumes = {v["name"] for v in made["volumes"]}
    assert {m["name"] for c in steps(made).values() for m in c["volumeMounts"]} == volumes


@pytest.mark.parametrize("configured", [True, False])
def test_the_custom_certificates_are_mounted_only_where_configured(configured):
    made = pod(build(custom_ca=configured))
    assert ("ca" in {v["name"] for v in made["volumes"]}) == configured
    for container in steps(made).values():
        assert ("/kaniko/ca" in mounts(container)) == configured
    if configured:
        volume = next(v for v in made["volumes"] if v["name"] == "ca")
        assert volume["configMap"] == {"name": "falapp-custom-ca"}


def test_the_job_fails_once_and_survives_drained_nodes():
    made = jobs.job(build(), samples.settings(builds={"timeout": "90s"}))
    spec = made["spec"]
    assert spec["backoffLimit"] == 0
    assert spec["activeDeadlineSeconds"] == 90
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    rule = spec["podFailurePolicy"]["rules"][0]
    assert rule["action"] == "Ignore"
    assert rule["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]


def test_job_pod_and_request_can_be_found_by_the_environment():
    made = build()
    job = jobs.job(made, samples.settings())
    request = jobs.request(made, samples.settings(), OWNER)
    labels = {meta.LABEL_ENVIRONMENT: made.name, meta.LABEL_MANAGED_BY: meta.MANAGED_BY}
    assert job["metadata"]["labels"] == labels
    assert job["spec"]["template"]["metadata"]["labels"] == labels
    assert request["metadata"]["labels"] == labels
    assert job["metadata"]["name"] == request["metadata"]["name"] == made.name
    assert job["metadata"]["namespace"] == request["metadata"]["namespace"] == samples.BUILDS
    assert request["metadata"]["ownerReferences"] == [OWNER]


def test_the_request_says_what_to_build_and_where_to_put_it():
    made = build(layers=(("--extra-index-url", SECRETS, "torch"), ("numpy",)))
    request = jobs.request(made, samples.settings(), OWNER)
    assert json.loads(request["data"]["request.json"]) == {
        "environment": made.name,
        "pythonVersion": "3.11",
        "layers": [["--extra-index-url", SECRETS, "torch"], ["numpy"]],
        "image": "registry.example:5000/environments",
        "tag": key.tag(made.spec),
        "insecure": True,
    }
    assert request["data"]["Dockerfile"].startswith(f"FROM {samples.BASE}\n")


def test_requirements_are_in_the_request_alone():
    made = build(layers=(("--extra-index-url", SECRETS),))
    assert "hunter2" not in json.dumps(jobs.job(made, samples.settings()))


@pytest.mark.parametrize("insecure", [True, False])
def test_kaniko_pushes_nothing_and_trusts_what_the_settings_say(insecure):
    registry = {"repository": "registry.example:5000/environments", "insecure": insecure}
    made = pod(build(), registry=registry, builds={"extraArgs": ["--verbosity=debug"]})
    arguments = steps(made)["build"]["args"]
    assert "--no-push" in arguments
    assert "--oci-layout-path=/kaniko/out/oci" in arguments
    assert not [a for a in arguments if a.startswith("--build-arg")]
    assert ("--insecure-registry=registry.example:5000" in arguments) == insecure
    assert ("--insecure-pull" in arguments) == insecure
    assert arguments[-1] == "--verbosity=debug"


def test_where_builds_run_is_the_settings_affair():
    tolerations = [{"key": "builds", "operator": "Exists", "effect": "NoSchedule"}]
    made = pod(build(), builds={"nodeSelector": {"pool": "cpu"}, "tolerations": tolerations})
    assert made["nodeSelector"] == {"pool": "cpu"}
    assert made["tolerations"] == tolerations
    plain = pod(build())
    assert not {"nodeSelector", "tolerations"} & set(plain)
    preferred = plain["affinity"]["nodeAffinity"]
    assert set(preferred) == {"preferredDuringSchedulingIgnoredDuringExecution"}

"""The Job, and the ConfigMap and Secrets that its pod mounts; who mounts what is in test_mounts."""

import base64
import json
from pathlib import Path

import pytest

from falapp_operator.api import meta
from falapp_operator.environment import job as jobs
from falapp_operator.environment import key
from tests.unit import golden, samples
from tests.unit.environment.build import build, pod, steps
from tests.unit.environment.test_mounts import DOCKERFILE, ON_DOCKERFILE

OWNER = {"apiVersion": "batch/v1", "kind": "Job", "name": "env-x", "uid": "uid-of-job"}
SECRET = {"name": "GH_TOKEN", "secretKeyRef": {"name": "gh", "key": "token"}}
PRIVATE = (
    "git+https://${GH_TOKEN}@git.example/x",
    "demo @ https://w.example/demo-1.zip?${FALAPP_CREDENTIAL_1}",
)
VARIABLES = ("GH_TOKEN", "FALAPP_CREDENTIAL_1")
VALUES = {"GH_TOKEN": "hunter2", "FALAPP_CREDENTIAL_1": "sig=correct-horse"}


def everything():
    """Return a build that uses all there is, and settings that say all there is."""
    made = build(
        custom_ca=True,
        variables=VARIABLES,
        base_image="mine.example/base:1",
        pull_secret="mine",
        resolver="pip",
        layers=(PRIVATE, ("--pre", "pillow")),
        secrets=(SECRET,),
    )
    settings = samples.settings(
        registry={"pushSecret": "push", "pullSecret": "pull"},
        builds={
            "timeout": "30m",
            "wheelCache": "wheels",
            "resources": {"limits": {"memory": "4Gi", "ephemeral-storage": "40Gi"}},
            "nodeSelector": {"kubernetes.io/arch": "amd64"},
            "tolerations": [{"key": "builds", "operator": "Exists"}],
            "extraArgs": ["--verbosity=debug"],
        },
    )
    return made, settings


@pytest.mark.parametrize("kind", ["least", "most", "dockerfile", "on-dockerfile"])
def test_the_manifests_of_a_build(kind):
    made, settings = everything() if kind == "most" else (build(), samples.settings())
    if "dockerfile" in kind:
        made = build(**(DOCKERFILE if kind == "dockerfile" else ON_DOCKERFILE))
    objects = [jobs.job(made, settings), jobs.request(made, settings, OWNER)]
    if kind == "most":
        objects += [
            jobs.custom_ca("-----BEGIN CERTIFICATE-----\n", settings),
            jobs.secret(made, VALUES, settings, OWNER),
            jobs.pull_secret(made, "e30=", settings, OWNER),
        ]
    golden.check(Path(__file__).parent / f"build.{kind}.golden.yaml", *objects)


def test_the_steps_and_their_images():
    made = pod(build())
    assert [(c["name"], c["image"]) for c in made["initContainers"]] == [
        ("tools", "builder:v1"),
        ("resolve", samples.BASE),
        ("plan", "builder:v1"),
        ("wheels", "kaniko:v1.24.0"),
        ("sources", "kaniko:v1.24.0"),
    ]
    assert [(c["name"], c["image"]) for c in made["containers"]] == [("publish", "builder:v1")]


@pytest.mark.parametrize(
    ("step", "user", "added"),
    [
        ("tools", 65532, None),
        ("resolve", 65532, None),
        ("plan", 65533, None),
        ("wheels", 0, ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "SETFCAP"]),
        ("sources", 0, ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "SETFCAP"]),
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
    made = jobs.job(*everything())["spec"]["template"]["spec"]
    assert made["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in made
    assert not {"hostPath", "projected"} & {k for v in made["volumes"] for k in v}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(made)


def test_a_build_has_its_time_from_when_it_has_a_node():
    spec = jobs.job(build(), samples.settings(builds={"timeout": "90s"}))["spec"]
    assert "activeDeadlineSeconds" not in spec, "the Job's time runs while its pod waits for a node"
    assert spec["template"]["spec"]["activeDeadlineSeconds"] == 90


def test_the_job_fails_once_and_survives_drained_nodes():
    made = jobs.job(build(), samples.settings())
    spec = made["spec"]
    assert spec["backoffLimit"] == 0
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    rule = spec["podFailurePolicy"]["rules"][0]
    assert rule["action"] == "Ignore"
    assert rule["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]


def test_all_objects_can_be_found_by_the_environment_and_go_with_the_job():
    made, settings = everything()
    job = jobs.job(made, settings)
    labels = {meta.LABEL_ENVIRONMENT: made.name, meta.LABEL_MANAGED_BY: meta.MANAGED_BY}
    assert job["metadata"]["labels"] == job["spec"]["template"]["metadata"]["labels"] == labels
    owned = [
        jobs.request(made, settings, OWNER),
        jobs.secret(made, VALUES, settings, OWNER),
        jobs.pull_secret(made, "e30=", settings, OWNER),
    ]
    for obj in owned:
        assert obj["metadata"]["labels"] == labels
        assert obj["metadata"]["ownerReferences"] == [OWNER]
    assert {o["metadata"]["namespace"] for o in [job, *owned]} == {samples.BUILDS}
    names = [o["metadata"]["name"] for o in [job, *owned]]
    assert names == [made.name, made.name, made.name, f"{made.name}-pull"]


def test_the_request_says_what_to_build_and_where_to_put_it():
    made, settings = everything()
    request = jobs.request(made, settings, OWNER)
    assert set(request["data"]) == {"request.json"}
    assert json.loads(request["data"]["request.json"]) == {
        "environment": made.name,
        "namespace": samples.NAMESPACE,
        "pythonVersion": "3.11",
        "platform": "linux/amd64",
        "base": "mine.example/base:1",
        "relayed": False,
        "cache": "",
        "resolver": "pip",
        "pytorchIndex": "",
        "layers": [list(PRIVATE), ["--pre", "pillow"]],
        "variables": list(VARIABLES),
        "private": True,
        "image": "registry.example:5000/environments",
        "tag": key.tag(made.spec, samples.NAMESPACE),
        "insecure": True,
    }


@pytest.mark.parametrize(
    ("profile", "index"),
    [
        (None, ""),
        ({"accelerator": "cpu"}, ""),
        ({"accelerator": "cpu", "pytorchIndex": "https://p.example/cpu"}, "https://p.example/cpu"),
    ],
)
def test_the_request_says_where_pytorch_is(profile, index):
    request = jobs.request(build(profile=profile), samples.settings(), OWNER)
    assert json.loads(request["data"]["request.json"])["pytorchIndex"] == index


@pytest.mark.parametrize(
    ("spec", "private"),
    [({}, False), ({"pull_secret": "mine"}, True), ({"layers": (PRIVATE,)}, True)],
    ids=str,
)
def test_the_request_says_whether_it_is_for_one_namespace(spec, private):
    request = jobs.request(build(**spec), samples.settings(), OWNER)
    assert json.loads(request["data"]["request.json"])["private"] is private


def test_values_are_in_the_secret_alone():
    made, settings = everything()
    secret = jobs.secret(made, VALUES | {"UNUSED": "x"}, settings, OWNER)
    assert {k: base64.b64decode(v).decode() for k, v in secret["data"].items()} == VALUES
    for obj in (jobs.job(made, settings), jobs.request(made, settings, OWNER)):
        text = json.dumps(obj)
        for value in VALUES.values():
            assert value not in text
            assert base64.b64encode(value.encode()).decode() not in text


def test_a_value_that_is_missing_is_no_build():
    made, settings = everything()
    with pytest.raises(KeyError):
        jobs.secret(made, {"GH_TOKEN": "hunter2"}, settings, OWNER)


def test_requirements_are_in_the_request_alone():
    made = build(layers=(("--extra-index-url=https://index.example/simple",),))
    assert "index.example" not in json.dumps(jobs.job(made, samples.settings()))


@pytest.mark.parametrize("step", ["wheels", "sources"])
@pytest.mark.parametrize("insecure", [True, False])
def test_kaniko_pushes_nothing_and_trusts_what_the_settings_say(step, insecure):
    registry = {"repository": "registry.example:5000/environments", "insecure": insecure}
    made = pod(build(), registry=registry, builds={"extraArgs": ["--verbosity=debug"]})
    arguments = steps(made)[step]["args"]
    assert "--no-push" in arguments
    assert f"--dockerfile=/kaniko/plan/{step}.Dockerfile" in arguments
    assert "--oci-layout-path=/kaniko/out/oci" in arguments
    assert not [a for a in arguments if a.startswith("--build-arg")]
    assert ("--insecure-registry=registry.example:5000" in arguments) == insecure
    # Any registry's base may be asked for: none but ours is trusted without TLS.
    assert "--insecure-pull" not in arguments
    assert arguments[-1] == "--verbosity=debug"


def test_where_builds_run_is_the_settings_affair():
    tolerations = [{"key": "builds", "operator": "Exists", "effect": "NoSchedule"}]
    made = pod(build(), builds={"nodeSelector": {"pool": "cpu"}, "tolerations": tolerations})
    platform = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    assert made["nodeSelector"] == platform | {"pool": "cpu"}
    assert made["tolerations"] == tolerations
    plain = pod(build())
    assert plain["nodeSelector"] == platform
    assert "tolerations" not in plain
    preferred = plain["affinity"]["nodeAffinity"]
    assert set(preferred) == {"preferredDuringSchedulingIgnoredDuringExecution"}


def test_every_step_has_the_resources_of_the_settings():
    resources = {"limits": {"memory": "4Gi"}, "requests": {"ephemeral-storage": "40Gi"}}
    made = steps(pod(build(), builds={"resources": resources}))
    assert [step["resources"] for step in made.values()] == [resources] * 6


@pytest.mark.parametrize(
    ("base", "policy"),
    [
        ("registry.example:5000/base:3.11", "Always"),
        (f"registry.example:5000/base@{samples.DIGEST}", "IfNotPresent"),
        (f"mine.example/base@{samples.DIGEST}", "Always"),
    ],
)
def test_a_base_image_is_asked_for_anew_unless_it_is_ours_and_pinned(base, policy):
    """Else a node would hand out a private image that it has for somebody else."""
    pythons = {"3.11": {"baseImage": base, "runtimeImage": "runtime"}}
    known = {} if base.startswith("mine") else {"pythons": pythons}
    resolve = steps(pod(build(base_image=base), **known))["resolve"]
    assert resolve["imagePullPolicy"] == policy


def test_a_build_argument_reaches_kaniko_as_it_is_written():
    """The kubelet puts variables in place of $(NAME), and makes $ of $$."""
    given = {"text": "ARG A\nFROM x\n", "args": {"A": "a$$b $(SSL_CERT_DIR)"}}
    arguments = steps(pod(build(**DOCKERFILE | {"dockerfile": given})))["dockerfile"]["args"]
    assert "--build-arg=A=a$$$$b $$(SSL_CERT_DIR)" in arguments

"""The CronJob that cleans the registry: only where asked for, as careful as the operator."""

import pytest

from falapp_operator.environment import job
from falapp_operator.retention import __main__ as command
from tests.contract.conftest import CHART
from tests.contract.test_chart import SECURITY, one

NAME = "falapp-operator-retention"
ON = "--set=registry.retention.enabled=true"


def pod(objects):
    return one(objects, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def test_there_is_none_unless_it_is_asked_for(render):
    named = [o for o in render("minimal") if o["metadata"]["name"] == NAME]
    assert named == []
    kinds = [o["kind"] for o in render("minimal", ON) if o["metadata"]["name"] == NAME]
    assert sorted(kinds) == [
        "ClusterRole",
        "ClusterRoleBinding",
        "CronJob",
        "Role",
        "RoleBinding",
        "ServiceAccount",
    ]


def test_it_runs_where_the_credentials_are_one_at_a_time(render):
    cron_job = one(render("full"), "CronJob")
    assert cron_job["metadata"]["namespace"] == "builds"
    assert cron_job["spec"]["schedule"] == "0 * * * *"
    assert cron_job["spec"]["concurrencyPolicy"] == "Forbid"


def test_it_passes_pod_security_restricted(render):
    made = pod(render("full"))
    assert made["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(made)
    assert all(set(v) & {"configMap", "emptyDir", "secret"} for v in made["volumes"])
    (container,) = made["containers"]
    assert container["securityContext"] == SECURITY
    assert container["resources"]["requests"]
    assert container["resources"]["limits"]
    assert made["serviceAccountName"] == NAME
    assert made["restartPolicy"] == "Never"
    # It runs where builds do: the operator's own Secret is not there.
    assert made["imagePullSecrets"] == [{"name": "images-pull"}]


def test_the_operators_own_selector_leaves_it_out(render):
    objects = render("full")
    labels = one(objects, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["metadata"][
        "labels"
    ]
    selector = one(objects, "Deployment")["spec"]["selector"]["matchLabels"]
    assert not selector.items() <= labels.items()


def test_the_command_understands_what_it_is_told(render):
    (container,) = pod(render("full"))["containers"]
    assert container["command"][1:] == ["-m", "falapp_operator.retention"]
    given = command._read(container["args"])
    assert vars(given) == {
        "repository": "kind-registry:5000/environments",
        "insecure": True,
        "after": 48 * 3600,
        "namespace": "builds",
        "config_map": NAME,
        "credentials": given.credentials,
        "custom_ca": given.custom_ca,
    }
    mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
    assert str(given.credentials) == f"{mounts['registry']}/config.json"
    assert str(given.custom_ca) == f"{mounts['ca']}/ca.crt"
    volumes = {v["name"]: v for v in pod(render("full"))["volumes"]}
    assert set(volumes) == set(mounts)
    assert volumes["ca"]["configMap"] == {"name": job.CUSTOM_CA, "optional": True}
    assert volumes["registry"]["secret"]["secretName"] == "registry-delete"


@pytest.mark.parametrize(
    ("arguments", "secret"),
    [
        ([], None),
        (["--set=registry.pushSecret=push"], "push"),
        (["--set=registry.pushSecret=push", "--set=registry.retention.secret=delete"], "delete"),
    ],
)
def test_it_deletes_with_its_own_login_or_the_one_to_push_with(render, arguments, secret):
    made = pod(render("minimal", ON, *arguments))
    found = [v["secret"]["secretName"] for v in made["volumes"] if "secret" in v]
    assert found == [secret] * bool(secret)
    given = command._read(made["containers"][0]["args"])
    assert (given.credentials is not None) == bool(secret)
    assert not given.insecure
    assert given.custom_ca is None


@pytest.mark.parametrize("release", ["falapp", "a" * 53])
def test_its_name_is_not_too_long_for_a_cron_job(run_helm, release):
    done = run_helm("template", release, str(CHART), f"--values={CHART}/ci/full-values.yaml")
    assert done.returncode == 0, done.stderr
    (line,) = [s for s in done.stdout.splitlines() if s.strip().startswith("- --config-map=")]
    name = line.partition("=")[2]
    assert len(name) <= 52
    assert name.endswith("-retention")

"""What comes into a runner's pod from elsewhere: code of git or an image, volumes, variables."""

import json
import subprocess

import pytest

from falapp_builder.source import step
from falapp_operator.runner import inits
from falapp_operator.runner.pod import template
from falapp_operator.runner.source import Checkout, Copy
from falapp_runner import contract
from tests.unit.pods.test_pod import CLAIM, containers

COMMIT = "1" * 40
GIT = Checkout(url="https://git.example/a.git", commit=COMMIT, path="wan", secret="git", image="b")


@pytest.fixture
def made(make_runner):
    def make(code=None, config_map="", **spec):
        return template(make_runner(code=code, config_map=config_map, **spec))

    return make


def named(volumes):
    return {v["name"]: {k: x for k, x in v.items() if k != "name"} for v in volumes}


def test_a_commit_is_cloned_before_the_runner_starts(made):
    pod = made(GIT)
    clone = containers(pod)["source"]
    assert list(containers(pod)) == ["runtime", "source", "runner"]
    assert clone["image"] == "b"
    assert {v["name"]: v["value"] for v in clone["env"]} == {
        contract.GIT_URL: GIT.url,
        contract.GIT_COMMIT: COMMIT,
        contract.GIT_PATH: "wan",
    }
    assert {m["name"]: m["mountPath"] for m in clone["volumeMounts"]} == {
        "app": contract.COPIED,
        "tmp": inits.TMP,
    }
    assert "source" not in named(pod["spec"]["volumes"])


def test_only_the_container_that_clones_sees_the_login(made):
    found = containers(made(GIT))
    login = [{"prefix": contract.GIT_SECRET_PREFIX, "secretRef": {"name": "git"}}]
    assert found["source"]["envFrom"] == login
    assert not [c for n, c in found.items() if n != "source" and "envFrom" in c]
    public = Checkout(url=GIT.url, commit=COMMIT, image="b")
    assert "envFrom" not in containers(made(public))["source"]


def test_the_step_reads_the_variables_that_the_pod_has():
    assert (step.URL, step.COMMIT, step.PATH, step.AUTHORITY, step.SECRET) == (
        contract.GIT_URL,
        contract.GIT_COMMIT,
        contract.GIT_PATH,
        contract.GIT_AUTHORITY,
        contract.GIT_SECRET_PREFIX,
    )
    assert str(step.APP) == contract.COPIED


def test_git_trusts_the_clusters_own_authorities(made):
    pod = made(GIT, config_map="hello-source-1")
    clone, runtime = containers(pod)["source"], containers(pod)["runtime"]
    [mount] = [m for m in clone["volumeMounts"] if m["name"] == "source"]
    variables = {v["name"]: v["value"] for v in clone["env"]}
    assert variables[contract.GIT_AUTHORITY] == f"{mount['mountPath']}/ca.crt"
    # it is no file of the app's
    assert "source" not in [m["name"] for m in runtime["volumeMounts"]]


def test_another_commit_is_another_revision(made):
    other = Checkout(**{**vars(GIT), "commit": "2" * 40})
    assert made(GIT)["metadata"]["annotations"] != made(other)["metadata"]["annotations"]


def test_a_folder_of_an_image_is_copied(made):
    copy = containers(made(Copy(image="registry.example/code@sha256:1", path="/srv/app")))["source"]
    assert copy["image"] == "registry.example/code@sha256:1"
    assert f"cp -R /srv/app/. {contract.COPIED}/" in copy["command"][-1]


def test_the_shell_that_copies_ends_when_it_is_told_to(made, tmp_path):
    """A shell that is a container's first process ignores SIGTERM without a trap."""
    script = containers(made(Copy(image="i", path="/srv")))["source"]["command"][-1]
    slow = script.replace(f"cp -R /srv/. {contract.COPIED}/", "sleep 30")
    assert slow != script
    shell = subprocess.Popen(["/bin/sh", "-ec", f"echo up; {slow}"], stdout=subprocess.PIPE)
    assert shell.stdout.readline() == b"up\n"
    shell.terminate()
    assert shell.wait(5) in (143, -15)
    shell.stdout.close()


@pytest.mark.parametrize("code", [GIT, Copy(image="i", path="/srv")], ids=["git", "image"])
def test_what_brings_the_code_is_confined_as_the_rest(made, code):
    found = containers(made(code))["source"]
    assert found["securityContext"]["readOnlyRootFilesystem"] is True
    assert found["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert found["resources"]["limits"]


FILES = [
    CLAIM,
    {"name": "keys", "mountPath": "/etc-keys", "secret": {"secretName": "hf"}},
    {"name": "conf", "mountPath": "/srv/conf", "configMap": {"name": "settings"}},
    {
        "name": "ro",
        "mountPath": "/models",
        "readOnly": True,
        "persistentVolumeClaim": {"claimName": "shared"},
    },
]


def test_volumes_are_where_they_are_wanted(made):
    pod = made(volumes=FILES)
    assert (
        named(pod["spec"]["volumes"]).items()
        >= {
            "volume-data": {"persistentVolumeClaim": {"claimName": "weights"}},
            "volume-keys": {"secret": {"secretName": "hf", "optional": True}},
            "volume-conf": {"configMap": {"name": "settings", "optional": True}},
            "volume-ro": {"persistentVolumeClaim": {"claimName": "shared"}},
        }.items()
    )
    mounts = {m["mountPath"]: m for m in containers(pod)["runner"]["volumeMounts"]}
    assert "readOnly" not in mounts["/data"]
    assert all(mounts[p]["readOnly"] for p in ("/etc-keys", "/srv/conf", "/models"))


def test_models_are_kept_in_data_where_it_stays(made):
    def variables(pod):
        return {v["name"]: v.get("value") for v in containers(pod)["runner"]["env"]}

    assert variables(made(volumes=[CLAIM]))["HF_HOME"] == "/data/.cache/huggingface"
    assert "HF_HOME" not in variables(made(volumes=FILES[1:]))
    own = [{"name": "HF_HOME", "value": "/models"}]
    assert variables(made(volumes=[CLAIM], env=own))["HF_HOME"] == "/models"


@pytest.mark.parametrize(
    ("volume", "reason", "kind"),
    [(FILES[1], "SecretNotFound", "Secret hf"), (FILES[2], "ConfigMapNotFound", "ConfigMap sett")],
    ids=["secret", "config map"],
)
def test_a_missing_secret_or_config_map_is_told(made, volume, reason, kind, tmp_path):
    """The script of the init container, run by a real shell."""
    runtime = containers(made(volumes=[volume]))["runtime"]
    [mount] = [m for m in runtime["volumeMounts"] if m["name"] == f"volume-{volume['name']}"]
    script = runtime["command"][-1]
    check = script[script.index("[ -n") :]
    folder, log = tmp_path / "volume", tmp_path / "log"
    folder.mkdir()
    check = check.replace(mount["mountPath"], str(folder)).replace(
        contract.TERMINATION_LOG, str(log)
    )
    assert subprocess.run(["/bin/sh", "-ec", check], check=False).returncode == 1
    told = json.loads(log.read_text())
    assert told["reason"] == reason
    assert kind in told["message"]
    (folder / "key").touch()
    assert subprocess.run(["/bin/sh", "-ec", check], check=False).returncode == 0


def test_variables_may_come_by_the_dozen(made):
    given = [{"secretRef": {"name": "keys"}}, {"prefix": "APP_", "configMapRef": {"name": "conf"}}]
    assert containers(made(envFrom=given))["runner"]["envFrom"] == given
    assert "envFrom" not in containers(made())["runner"]

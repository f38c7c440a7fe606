"""Code from a private git repository, volumes and variables: in a namespace that is restricted."""

import json
import secrets

import pytest

from tests.kube.kubectl import condition
from tests.servers import volume

TOKEN = f"CANARY{secrets.token_hex(12)}"
APP = """\
import fal
import helper


class App(fal.App):
    @fal.endpoint("/")
    def tell(self) -> dict:
        return {"word": helper.WORD}
"""
MOVE = """\
set -e
export HOME=/tmp GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@e GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@e
rm -rf /tmp/work
git clone --quiet /tmp/repositories/apps.git /tmp/work
cd /tmp/work
echo 'WORD = "two"' > wan/helper.py
git commit --quiet --all --message two
git push --quiet origin HEAD:main
git rev-parse HEAD
"""


@pytest.fixture(scope="module")
def git(starter):
    files = {"wan/app.py": APP, "wan/helper.py": 'WORD = "one"\n', "README.md": "apps\n"}
    server = starter.git({"apps.git": [{"files": files}]}, {TOKEN: ["apps.git"]})
    starter.wait(server)
    return server


def source(git, **more):
    return {"git": {"url": git.url("apps.git"), "path": "wan", **more}}


def login(kube, namespace, token=TOKEN):
    kube.run("delete", "secret", "git", "-n", namespace, "--ignore-not-found")
    kube.run("create", "secret", "generic", "git", "-n", namespace, f"--from-literal=token={token}")


def stays(pod):
    """Return whether the pod is not one that drains: Ready does not wait for the end of those."""
    return "deletionTimestamp" not in pod["metadata"]


def test_a_private_repository_whose_branch_moves(kube, apps, caller, git, namespace):
    asked = source(git, ref="main", secretRef={"name": "git"})
    apps.apply(namespace, "wan", entrypoint="app.py::App", source=asked, replicas=2)
    app = apps.stalled(namespace, "wan", "SecretNotFound")
    assert "spec.source.git.secretRef" in condition(app, "Ready")["message"]

    login(kube, namespace)
    app = apps.ready(namespace, "wan")
    first = app["status"]["source"]["commit"]
    assert caller.post(app["status"]["url"], {}) == {"word": "one"}

    second = git.run("sh", "-c", MOVE).strip()
    kube.run("annotate", "falapp", "wan", "-n", namespace, "falapp.dev/retry=moved")
    apps.until(namespace, "wan", lambda a: a["status"]["source"]["commit"] == second, "moved", 60)
    app = apps.ready(namespace, "wan")
    assert second != first
    caller.until(app["status"]["url"], {}, {"word": "two"})
    pods = kube.list("pods", namespace, "falapp.dev/app=wan")
    alike = {p["metadata"]["annotations"]["falapp.dev/revision"] for p in pods if stays(p)}
    assert len(alike) == 1

    # the token is in its Secret and nowhere else that the cluster shows
    shown = json.dumps([app, *pods, *kube.list("events", namespace, "")])
    for pod in pods:
        name = pod["metadata"]["name"]
        shown += kube.run("logs", "-n", namespace, name, "--all-containers")
    assert TOKEN not in shown


def test_a_wrong_token_and_a_missing_branch_are_told(kube, apps, git, namespace):
    login(kube, namespace, "CANARYwrong")
    apps.apply(
        namespace,
        "wan",
        entrypoint="app.py",
        source=source(git, ref="none", secretRef={"name": "git"}),
    )
    app = apps.stalled(namespace, "wan", "AccessDenied")
    assert "CANARY" not in json.dumps(app)
    login(kube, namespace)
    app = apps.stalled(namespace, "wan", "SourceNotFound", 90)
    assert "no branch or tag 'none'" in condition(app, "Ready")["message"]


def test_a_commit_that_is_not_there_is_told_by_the_runner(kube, apps, git, namespace):
    login(kube, namespace)
    asked = source(git, ref="0" * 40, secretRef={"name": "git"})
    apps.apply(namespace, "wan", entrypoint="app.py", source=asked)
    app = apps.stalled(namespace, "wan", "SourceNotFound")
    assert "has no commit 0000" in condition(app, "Ready")["message"]


FILES = """\
import os
import pathlib

import fal


class App(fal.App):
    @fal.endpoint("/")
    def tell(self) -> dict:
        kept = pathlib.Path("/data/kept")
        before = kept.read_text() if kept.exists() else ""
        kept.write_text("was here")
        return {
            "before": before,
            "secret": pathlib.Path("/keys/token").read_text(),
            "setting": pathlib.Path("/conf/mode").read_text(),
            "variable": os.environ["APP_token"],
            "models": os.environ["HF_HOME"],
        }
"""
VOLUMES = [
    {"name": "data", "mountPath": "/data", "persistentVolumeClaim": {"claimName": "weights"}},
    {"name": "keys", "mountPath": "/keys", "secret": {"secretName": "keys"}},
    {"name": "conf", "mountPath": "/conf", "configMap": {"name": "conf"}},
]


def test_volumes_and_variables_and_each_that_is_missing(kube, apps, caller, cluster, namespace):
    apps.apply(
        namespace,
        "files",
        entrypoint="app.py",
        source={"inline": {"app.py": FILES}},
        envFrom=[{"prefix": "APP_", "secretRef": {"name": "keys"}}],
        volumes=VOLUMES,
    )
    apps.stalled(namespace, "files", "VolumeClaimNotFound")
    with volume.claimed(kube, cluster.images.base["3.11"], namespace, "weights"):
        bring_what_is_missing(kube, apps, namespace)
        # The kubelet's pauses between tries have grown meanwhile.
        url = apps.ready(namespace, "files", stalled=120)["status"]["url"]
        first = caller.post(url, {})
        assert first == {
            "before": "",
            "secret": "t0ken",
            "setting": "fast",
            "variable": "t0ken",
            "models": "/data/.cache/huggingface",
        }
        kube.run("delete", "pod", "-n", namespace, "-l", "falapp.dev/app=files")
        apps.ready(namespace, "files")
        assert caller.post(url, {})["before"] == "was here"
        kube.delete("falapp", "files", namespace)


def bring_what_is_missing(kube, apps, namespace):
    """Make one after the other, as what the status asks for."""
    app = apps.stalled(namespace, "files", "SecretNotFound")
    assert "Secret keys" in condition(app, "Ready")["message"]
    kube.run("create", "secret", "generic", "keys", "-n", namespace, "--from-literal=token=t0ken")
    apps.stalled(namespace, "files", "ConfigMapNotFound")
    kube.run("create", "configmap", "conf", "-n", namespace, "--from-literal=mode=fast")

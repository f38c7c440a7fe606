"""Root exists only in build pods, and even there only as much of it as each step needs."""

import pytest

from tests.conftest import PUSH
from tests.kube import install
from tests.kube.kubectl import Kube, KubectlError, poll

CAPABILITIES = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "SETFCAP"}
KANIKO = {"wheels", "sources"}
CODE = """\
import fal


class App(fal.App):
    @fal.endpoint("/")
    def tell(self) -> dict:
        return {}
"""


@pytest.fixture(scope="module")
def app(apps, shared_namespace):
    """An app whose environment nobody had before, so that a build pod can be looked at."""
    apps.apply(
        shared_namespace,
        "private",
        entrypoint="app.py",
        source={"inline": {"app.py": CODE}},
        # The namespace's name makes the list one that no earlier run has built.
        requirements=["--no-binary", f"falapp-{shared_namespace}", "humanize==4.17.0"],
    )
    return apps.until(
        shared_namespace,
        "private",
        lambda a: a.get("status", {}).get("environment", {}).get("name"),
        "has an environment",
        60,
    )


@pytest.fixture(scope="module")
def build_pod(kube, app):
    """The pod of its build."""
    name = app["status"]["environment"]["name"]
    [pod] = poll(
        lambda: kube.list("pods", install.BUILDS, f"falapp.dev/environment={name}"),
        lambda found: len(found) == 1,
        what="the build's pod exists",
        seconds=60,
    )
    return pod


def containers(pod) -> dict:
    spec = pod["spec"]
    return {c["name"]: c for c in (*spec.get("initContainers", ()), *spec["containers"])}


def test_kaniko_alone_has_capabilities_and_exactly_six(build_pod):
    steps = containers(build_pod)
    assert set(steps) == {"tools", "resolve", "plan", "publish"} | KANIKO
    for name, step in steps.items():
        context = step["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"]["drop"] == ["ALL"]
        added = set(context["capabilities"].get("add", ()))
        assert added == (CAPABILITIES if name in KANIKO else set())
        assert context.get("privileged") is not True
    root = {name for name, s in steps.items() if s["securityContext"]["runAsUser"] == 0}
    assert root == KANIKO | {"publish"}


def test_only_publish_sees_what_it_pushes_with(build_pod):
    """The tests install the operator with such a Secret, so that every build could lose it."""
    [push] = [
        volume["name"]
        for volume in build_pod["spec"]["volumes"]
        if volume.get("secret", {}).get("secretName") == PUSH
    ]
    seeing = {
        name
        for name, step in containers(build_pod).items()
        if push in {mount["name"] for mount in step["volumeMounts"]}
    }
    assert seeing == {"publish"}


def test_no_build_step_has_a_service_account_token(build_pod):
    assert build_pod["spec"]["automountServiceAccountToken"] is False
    for step in containers(build_pod).values():
        mounts = {m["mountPath"] for m in step["volumeMounts"]}
        assert not any(path.startswith("/var/run/secrets") for path in mounts)


def test_the_kernel_agrees_about_runners(kube, apps, app, shared_namespace):
    """Looked at from inside, a runner has no capability and cannot get any."""
    apps.ready(shared_namespace, "private")
    [pod] = kube.list("pods", shared_namespace, "falapp.dev/app=private")
    # process 1 is the pod's own, which reaps
    look = "cd /proc; cat $(grep -l boot.py [0-9]*/cmdline | head -1 | xargs dirname)/status"
    status = kube.run(
        *("exec", "-n", shared_namespace, pod["metadata"]["name"], "-c", "runner", "--"),
        *("sh", "-c", look),
    )
    assert "Name:\tpython" in status
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(facts["CapEff"], 16) == int(facts["CapBnd"], 16) == 0
    assert facts["NoNewPrivs"].strip() == "1"
    assert "0" not in facts["Uid"].split()


@pytest.mark.parametrize("which", ["operator", "runners"])
def test_namespaces_of_operator_and_runners_enforce_restricted(
    kube, apps, app, shared_namespace, which
):
    apps.ready(shared_namespace, "private")
    name = install.NAMESPACE if which == "operator" else shared_namespace
    found = kube.get("namespace", name)
    assert found["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert running(kube, name)


def test_builds_enforce_baseline(kube: Kube):
    found = kube.get("namespace", install.BUILDS)
    assert found["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"


def test_the_operator_reads_secrets_by_name_and_can_list_none(kube: Kube):
    """The tests let it read them in every namespace; by itself the chart grants none."""
    who = f"--as=system:serviceaccount:{install.NAMESPACE}:falapp-operator"
    for verb in ("get", "list", "watch"):
        answer = kube.run("auth", "can-i", verb, "falapps", who, "-A")
        assert answer.strip() == "yes"
    assert kube.run("auth", "can-i", "get", "secrets", who, "-A").strip() == "yes"
    for verb in ("list", "watch"):
        with pytest.raises(KubectlError, match="auth can-i"):
            kube.run("auth", "can-i", verb, "secrets", who, "-A")


def running(kube: Kube, namespace: str) -> list:
    return [p for p in kube.list("pods", namespace) if p["status"]["phase"] == "Running"]

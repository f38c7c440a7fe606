"""Two operators: one works, the other takes over when it is killed, told to stop or replaced."""

import json
import secrets
import subprocess
import time

import pytest

from tests.kube import install
from tests.kube.kubectl import poll
from tests.kube.pods import python_pod

TAKEOVER_SECONDS = 20
HANDOVER_SECONDS = 20
"""For a machine with much else to do; that it was a handover is told by the log."""

# In the node's process namespace, where nothing stands between the signal and the process. What the
# kubelet starts in its place is killed, too: it is a second standby, a second behind the first.
KILL = """\
import os, pathlib, sys, time
wanted = b"HOSTNAME=" + sys.argv[1].encode()
until = time.monotonic() + float(sys.argv[2])
while time.monotonic() < until:
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            ours = b"falapp_operator" in (process / "cmdline").read_bytes().split(b"\\0")
            if ours and wanted in (process / "environ").read_bytes().split(b"\\0"):
                os.kill(int(process.name), 9)
                print(process.name, flush=True)
        except OSError:
            pass
    time.sleep(0.1)
"""
KILLING_SECONDS = 12
"""The kubelet waits for ten before it starts again what ended twice."""


@pytest.fixture(scope="module")
def pair(kube, configured):
    """Two operators, for a while."""
    with configured({"operator": {"replicas": 2}}):
        yield
        # What was killed was started again in its pod, and the end looks for such operators.
        kube.run("rollout", "restart", "-n", install.NAMESPACE, f"deployment/{install.OPERATOR}")
        install.await_leader(kube)


@pytest.fixture
def kill(kube, cluster):
    """Kill the operator in a pod as the kernel does, by a pod that sees the node's processes."""
    namespace, killing = f"e2e-{secrets.token_hex(3)}", []
    metadata = {"name": namespace, "labels": install.MADE}
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})

    def made(name):
        node = kube.get("pod", name, install.NAMESPACE)["spec"]["nodeName"]
        pod = python_pod(
            "killer",
            cluster.images.base["3.11"],
            ["sleep", "600"],
            securityContext={"privileged": True},
        )
        del pod["spec"]["securityContext"]
        pod["spec"] |= {"nodeName": node, "hostPID": True}
        kube.apply(pod, namespace=namespace)
        ready = ("wait", "pod/killer", "-n", namespace, "--for=condition=Ready", "--timeout=60s")
        kube.run(*ready)

        def killed():
            program = ("python3", "-c", KILL, name, str(KILLING_SECONDS))
            command = kube.command("exec", "-n", namespace, "killer", "--", *program)
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            killing.append(process)
            assert process.stdout.readline().strip().isdecimal()

        return killed

    yield made
    for process in killing:
        process.communicate(timeout=60)
    kube.delete("namespace", namespace, wait=False)


def ask(kube, apps, namespace, machine):
    """Have an app that waits for a machine type nobody made; a pass over it says so."""
    apps.apply(
        namespace,
        "asking",
        entrypoint="app.py",
        source={"inline": {"app.py": ""}},
        machineType=machine,
    )


def told(kube, apps, namespace, machine, since, seconds):
    """Wait until the status names the machine type; return the seconds since ``since``."""

    def good(app):
        return machine in json.dumps(app.get("status", {}).get("conditions", []))

    apps.until(namespace, "asking", good, f"tells of {machine}", since + seconds - time.monotonic())
    took = time.monotonic() - since
    assert took <= seconds
    return took


@pytest.mark.usefixtures("pair")
def test_a_standby_takes_over_from_a_killed_leader(kube, apps, namespace, kill):
    ask(kube, apps, namespace, "NONE-1")
    told(kube, apps, namespace, "NONE-1", time.monotonic(), 30)
    first = install.leader(kube)
    killed = kill(first)
    killed()
    since = time.monotonic()
    ask(kube, apps, namespace, "NONE-2")
    took = told(kube, apps, namespace, "NONE-2", since, TAKEOVER_SECONDS)
    second = install.leader(kube)
    print(f"reconciled {took:.1f} s after kill -9 of {first}, by {second}")
    assert second != first
    state = kube.get("pod", first, install.NAMESPACE)["status"]["containerStatuses"][0]
    ended = state["lastState"].get("terminated") or state["state"].get("terminated")
    assert ended["exitCode"] == 137


@pytest.mark.usefixtures("pair")
def test_a_rollout_hands_over_at_once(kube, apps, namespace):
    """The app changes in the worst moment: when the leader was told to stop."""
    poll(
        lambda: kube.get("deployment", install.OPERATOR, install.NAMESPACE)["status"],
        lambda status: status.get("readyReplicas") == 2,
        what="two operators are ready",
        seconds=60,
    )
    first = install.leader(kube)
    follow = kube.command("logs", "-f", "--tail=5", "-n", install.NAMESPACE, first)
    with subprocess.Popen(follow, stdout=subprocess.PIPE, text=True) as following:
        try:
            assert following.stdout
            following.stdout.readline()  # it is attached
            since = time.monotonic()
            kube.run("delete", "pod", first, "-n", install.NAMESPACE, "--wait=false")
            ask(kube, apps, namespace, "NONE-3")
            took = told(kube, apps, namespace, "NONE-3", since, HANDOVER_SECONDS)
            log, _ = following.communicate(timeout=60)
        finally:
            following.kill()
    assert "the Lease is given back" in log
    gone = poll(
        lambda: install.leader(kube),
        lambda leader: leader not in ("", first),
        what="another one leads",
        seconds=HANDOVER_SECONDS,
    )
    print(f"reconciled {took:.1f} s after {first} was told to stop; {gone} leads")

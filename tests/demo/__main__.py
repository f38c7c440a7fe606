"""The demo: a cluster, the operator, the first example, and its answer.

Each step is what a user would do by hand; the commands are printed where they teach something.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.cluster import Cluster, ClusterError, up
from tests.cluster.lifecycle import print_line
from tests.cluster.progress import Progress, clock
from tests.kube import install
from tests.kube.forward import forwarded
from tests.kube.kubectl import Kube, KubectlError, condition, is_true

EXAMPLE = install.ROOT / "examples" / "01-hello"
NAMESPACE = "demo"
APP = "hello"
QUESTION = {"x": 0.4, "y": 0.0}
PATIENCE = 900.0


def main() -> int:
    """Run the demo and return the exit code."""
    began = time.monotonic()
    try:
        cluster = up(print_line)
        run(cluster, Progress(print_line))
    except (ClusterError, KubectlError, DemoError) as error:
        print(f"\nThe demo stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. `make demo` goes on from here; `make clean` removes everything.")
        return 130
    print(f"\nFrom `make demo` to an answer in {clock(time.monotonic() - began)}.")
    print(_next_steps(cluster))
    return 0


class DemoError(Exception):
    """The app did not become ready; the message says what is known."""


def run(cluster: Cluster, progress: Progress) -> None:
    """Install the operator, apply the example, wait, call it."""
    kube = Kube.of(cluster)
    with progress.step("operator", "installing the chart charts/falapp with Helm"):
        install.install(cluster)
    install.make_namespace(kube, NAMESPACE)
    manifest = EXAMPLE / "app.yaml"
    progress.say(f"$ kubectl apply -n {NAMESPACE} -f {_short(manifest)}")
    progress.say(kube.run("apply", "-n", NAMESPACE, "-f", str(manifest)).strip())
    _wait(kube, progress)
    print(f"\n$ kubectl get falapps -n {NAMESPACE}")
    print(kube.run("get", "falapps", "-n", NAMESPACE), flush=True)
    with forwarded(kube, NAMESPACE, f"svc/{APP}", 80) as address:
        port = address.rpartition(":")[2]
        print(f"$ kubectl port-forward -n {NAMESPACE} svc/{APP} {port}:80 &\n$ {_curl(address)}")
        print(json.dumps(_call(address), indent=2))


def _wait(kube: Kube, progress: Progress) -> None:
    """Wait for the app, telling each change of its conditions."""
    deadline, told = time.monotonic() + PATIENCE, ""
    while time.monotonic() < deadline:
        app = kube.get("falapp", APP, NAMESPACE)
        now = _story(app)
        if now != told:
            progress.say(f"{APP}: {now}")
            told = now
        if is_true(app, "Ready"):
            return
        if is_true(app, "Stalled"):
            failure = (app or {}).get("status", {}).get("failure", {})
            raise DemoError(f"{failure.get('message')}\n{failure.get('logTail', '')}")
        time.sleep(0.5)
    raise DemoError(f"{APP} was not ready within {PATIENCE:.0f} s; it says: {told}")


def _story(app: dict[str, Any] | None) -> str:
    """Return what an app is doing, in one line."""
    ready, environment = condition(app, "Ready"), condition(app, "EnvironmentReady")
    if not ready:
        return "the operator has not seen it yet"
    if environment.get("status") != "True" or ready["status"] == "True":
        return f"{ready['reason']}: {ready['message']}"
    setup = condition(app, "SetupComplete")
    return f"{ready['reason']}: {ready['message']}; {setup.get('message', '')}"


def _curl(address: str) -> str:
    """Return the command that asks what `_call` asks."""
    return f"curl -H 'Content-Type: application/json' -d '{json.dumps(QUESTION)}' {address}/"


def _call(address: str) -> Any:
    response = httpx.post(f"{address}/", json=QUESTION, timeout=30)
    if response.status_code != 200:
        raise DemoError(f"{APP} answered {response.status_code}: {response.text}")
    return response.json()


def _next_steps(cluster: Cluster) -> str:
    kubectl = f"{cluster.kubectl} --kubeconfig={cluster.kubeconfig}"
    return f"""
The app runs. To look around:

  alias k='{kubectl} -n {NAMESPACE}'
  k describe falapp {APP}          # its conditions, and why each is as it is
  k get environments -o wide       # its packages, built once for everybody who asks for the same
  k logs deploy/{APP}              # what setup() printed

To ask it yourself:

  k port-forward svc/{APP} 8080:80 >/dev/null &
  sleep 1; {_curl("http://localhost:8080")}

Try next: change the code in {_short(EXAMPLE / "app.yaml")} and apply it again: the new code runs
without a build. Add a package to spec.requirements: a build Job starts, and the
runner that you have keeps serving until the new one is ready.

`make clean` removes everything that was made.
"""


def _short(path: Path) -> str:
    return str(path.relative_to(install.ROOT))


if __name__ == "__main__":
    sys.exit(main())

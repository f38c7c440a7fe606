"""One FalApp, for real: built, started, gated on setup(), answering, shared, changed, deleted."""

import datetime
from typing import Any

import httpx
import pytest
import yaml

from tests.kube import install
from tests.kube.forward import forwarded
from tests.kube.kubectl import Kube, condition, poll

HELLO = install.ROOT / "examples" / "01-hello" / "app.yaml"
POINT = {"x": 0.3, "y": 0.2}


def spec() -> dict[str, Any]:
    return dict(yaml.safe_load(HELLO.read_text())["spec"])


@pytest.fixture(scope="module")
def hello(kube, apps, shared_namespace):
    """The first example, running."""
    kube.run("apply", "-n", shared_namespace, "-f", str(HELLO))
    return apps.ready(shared_namespace, "hello")


def environment(app) -> str:
    return str(app["status"]["environment"]["name"])


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def runner(kube: Kube, namespace: str, app: str) -> dict[str, Any]:
    [pod] = kube.list("pods", namespace, f"falapp.dev/app={app}")
    return pod


def test_answers_through_its_service_with_the_packages_that_were_asked_for(hello, caller):
    answer = caller.post(hello["status"]["url"], POINT)
    wanted = dict(item.split("==") for item in spec()["requirements"])
    assert answer["packages"] == wanted
    assert answer["spiral"] in ("first", "second")


def test_status_tells_what_runs(hello, kube, shared_namespace):
    status = hello["status"]
    assert status["observedGeneration"] == hello["metadata"]["generation"]
    assert {c["type"]: c["status"] for c in status["conditions"]} == {
        "Ready": "True",
        "EnvironmentReady": "True",
        "SetupComplete": "True",
        "Stalled": "False",
    }
    assert status["replicas"] == status["readyReplicas"] == 1
    pod = runner(kube, shared_namespace, "hello")
    [container] = pod["spec"]["containers"]
    assert container["image"] == status["environment"]["image"]
    assert "@sha256:" in container["image"]
    row = kube.run("get", "falapp", "hello", "-n", shared_namespace)
    assert "RunnersReady" in row


def test_was_not_ready_before_setup_returned_and_was_right_after(hello, kube, shared_namespace):
    pod = runner(kube, shared_namespace, "hello")
    target = f"pod/{pod['metadata']['name']}"
    with forwarded(kube, shared_namespace, target, 8081) as address:
        state = httpx.get(f"{address}/state").json()
    returned = moment(state["setupReturnedAt"])
    turned = moment(condition(pod, "Ready")["lastTransitionTime"])
    # Kubernetes keeps whole seconds, so "before" means an earlier second.
    assert turned >= returned.replace(microsecond=0)
    assert turned - returned < datetime.timedelta(seconds=4)
    assert moment(condition(hello, "Ready")["lastTransitionTime"]) >= turned
    assert (returned - moment(state["setupStartedAt"])).total_seconds() > 1


def test_bytecode_in_the_image_is_valid(hello, kube, shared_namespace):
    """A .pyc holds its source's time; a layer that changes times would make every one stale."""
    pod = runner(kube, shared_namespace, "hello")["metadata"]["name"]
    script = (
        "import pathlib, struct, importlib.util as u\n"
        "stale = fresh = 0\n"
        "for source in pathlib.Path('/opt/env').rglob('*.py'):\n"
        "    compiled = pathlib.Path(u.cache_from_source(str(source)))\n"
        "    if not compiled.exists(): continue\n"
        "    flags, when = struct.unpack('<II', compiled.read_bytes()[4:12])\n"
        "    good = flags & 1 or when == int(source.stat().st_mtime) & 0xFFFFFFFF\n"
        "    fresh, stale = fresh + bool(good), stale + (not good)\n"
        "print(fresh, stale)\n"
    )
    python = "/opt/env/bin/python"
    out = kube.run("exec", "-n", shared_namespace, pod, "-c", "runner", "--", python, "-c", script)
    fresh, stale = map(int, out.split()[-2:])
    assert fresh > 100
    assert stale == 0


def test_a_second_app_with_the_same_requirements_starts_no_job(
    hello, apps, jobs, shared_namespace, namespace
):
    twin = small(requirements=spec()["requirements"])
    for where in (shared_namespace, namespace):
        apps.apply(where, "twin", **twin)
    for where in (shared_namespace, namespace):
        found = apps.ready(where, "twin")
        assert environment(found) == environment(hello)
    # The one in another namespace is another Environment, and it found the image, too.
    assert condition(found, "EnvironmentReady")["reason"] == "FoundInRegistry"
    assert jobs.started(environment(hello)) == 0


def test_new_code_starts_no_job_and_answers(hello, apps, jobs, caller, namespace):
    requirements = spec()["requirements"]
    apps.apply(namespace, "changing", **small(requirements=requirements))
    url = apps.ready(namespace, "changing")["status"]["url"]
    assert caller.post(url, {}) == {"text": "12,345"}
    apps.apply(namespace, "changing", **small(requirements=requirements, number="67890"))
    assert environment(apps.ready(namespace, "changing")) == environment(hello)
    caller.until(url, {}, {"text": "67,890"})
    assert jobs.started(environment(hello)) == 0


def test_deleted_it_leaves_nothing_and_applied_again_it_starts_no_job(
    hello, kube, apps, jobs, namespace
):
    body = small(requirements=["humanize==4.17.0"])
    apps.apply(namespace, "small", **body)
    name = environment(apps.ready(namespace, "small"))

    kube.delete("falapp", "small", namespace)
    poll(
        lambda: left_behind(kube, namespace, "small", name),
        lambda left: not left,
        what="everything of a deleted FalApp is gone",
        seconds=120,
    )

    before = jobs.started(name)
    apps.apply(namespace, "small", **body)
    again = apps.ready(namespace, "small")
    assert environment(again) == name
    assert condition(again, "EnvironmentReady")["reason"] == "FoundInRegistry"
    assert jobs.started(name) == before


def left_behind(kube: Kube, namespace: str, app: str, environment: str) -> list[str]:
    """Return what still is there of an app and of its build."""
    kinds = "pods,jobs,services,configmaps,deployments,replicasets,environments.falapp.dev"
    found = [*kube.list(kinds, namespace), *kube.list("jobs,pods,configmaps", install.BUILDS)]
    mine = []
    for thing in found:
        metadata = thing["metadata"]
        labels = metadata.get("labels", {})
        if (
            labels.get("falapp.dev/app") == app
            or labels.get("falapp.dev/environment") == environment
            or metadata["name"] == environment
        ):
            mine.append(f"{thing['kind']} {metadata['namespace']}/{metadata['name']}")
    return mine


def small(*, requirements: list[str], number: str = "12345") -> dict[str, Any]:
    """Return the spec of an app that starts in no time."""
    source = {"inline": {"app.py": SMALL.replace("12345", number)}}
    return {"entrypoint": "app.py", "source": source, "requirements": requirements}


SMALL = """\
import fal
import humanize


class Small(fal.App):
    def setup(self):
        self.text = humanize.intcomma(12345)

    @fal.endpoint("/")
    def tell(self) -> dict:
        return {"text": self.text}
"""

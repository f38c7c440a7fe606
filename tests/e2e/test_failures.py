"""What goes wrong is said in the status, loops nowhere, and is over when the spec is mended."""

import json

from tests.kube.kubectl import condition
from tests.kube.writes import assert_quiet

WORKING = """\
import fal


class App(fal.App):
    def setup(self):
        self.word = "mended"

    @fal.endpoint("/")
    def tell(self) -> dict:
        return {"word": self.word}
"""

RAISING = WORKING.replace(
    'self.word = "mended"', 'raise ValueError("the weights are not where they should be")'
)


def source(code: str) -> dict:
    return {"inline": {"app.py": code}}


def test_a_requirement_that_does_not_exist_is_named_and_not_tried_again(
    kube, apps, jobs, caller, namespace
):
    missing = "falapp-no-such-package==9.9.9"
    apps.apply(
        namespace, "wrong", entrypoint="app.py", source=source(WORKING), requirements=[missing]
    )
    app = apps.stalled(namespace, "wrong", "PackageNotFound")
    assert missing in condition(app, "EnvironmentReady")["message"]
    assert missing in condition(app, "Ready")["message"]
    failure = app["status"]["failure"]
    assert failure["command"].startswith("kubectl logs")
    assert kube.run(*failure["command"].split()[1:])
    assert_quiet(kube, namespace)
    assert jobs.started(app["status"]["environment"]["name"]) == 1

    apps.apply(namespace, "wrong", entrypoint="app.py", source=source(WORKING), requirements=[])
    mended = apps.ready(namespace, "wrong")
    assert "failure" not in mended["status"]
    assert caller.post(mended["status"]["url"], {}) == {"word": "mended"}


def test_an_exception_in_setup_is_in_the_status_and_a_mended_source_recovers(
    kube, apps, caller, namespace
):
    apps.apply(namespace, "raising", entrypoint="app.py::App", source=source(RAISING))
    app = apps.stalled(namespace, "raising", "SetupFailed")
    failure = app["status"]["failure"]
    assert "ValueError: the weights are not where they should be" in failure["logTail"]
    assert "app.py" in failure["logTail"]
    assert condition(app, "SetupComplete")["status"] == "False"
    assert condition(app, "Ready")["status"] == "False"

    apps.apply(namespace, "raising", entrypoint="app.py::App", source=source(WORKING))
    mended = apps.ready(namespace, "raising")
    assert "failure" not in mended["status"]
    assert caller.post(mended["status"]["url"], {}) == {"word": "mended"}


def test_an_unknown_machine_type_is_named_with_those_that_exist(kube, apps, namespace):
    apps.apply(
        namespace, "lost", entrypoint="app.py", source=source(WORKING), machineType="GPU-NONE"
    )
    app = apps.stalled(namespace, "lost", "UnknownMachineType", seconds=30)
    message = condition(app, "Ready")["message"]
    assert "GPU-NONE" in message
    assert "gpu-h100" in message
    assert "spec.machineType" in message
    assert_quiet(kube, namespace)

    apps.apply(namespace, "lost", entrypoint="app.py", source=source(WORKING), machineType="E2E")
    apps.ready(namespace, "lost")


def test_a_missing_secret_is_named_and_its_creation_is_enough(kube, apps, caller, namespace):
    reference = {"secretKeyRef": {"name": "hf", "key": "token"}}
    code = WORKING.replace('"mended"', '__import__("os").environ["HF_TOKEN"]')
    apps.apply(
        namespace,
        "secretive",
        entrypoint="app.py",
        source=source(code),
        env=[{"name": "HF_TOKEN", "valueFrom": reference}],
    )
    app = apps.stalled(namespace, "secretive", "SecretNotFound")
    assert "'hf'" in condition(app, "Ready")["message"]

    kube.run("create", "secret", "generic", "hf", "-n", namespace, "--from-literal=token=canary-7c")
    ready = apps.ready(namespace, "secretive")
    assert caller.post(ready["status"]["url"], {}) == {"word": "canary-7c"}
    assert "canary-7c" not in json.dumps(ready)


def test_a_missing_config_map_is_named_and_its_creation_is_enough(kube, apps, caller, namespace):
    apps.apply(
        namespace, "mapped", entrypoint="main.py::App", source={"configMap": {"name": "code"}}
    )
    app = apps.stalled(namespace, "mapped", "ConfigMapNotFound", seconds=30)
    assert "'code'" in condition(app, "Ready")["message"]

    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "code"},
        "data": {"main.py": WORKING},
    }
    kube.apply(config_map, namespace=namespace)
    ready = apps.ready(namespace, "mapped")
    assert caller.post(ready["status"]["url"], {}) == {"word": "mended"}


def test_a_machine_that_nobody_has_is_waited_for(kube, apps, namespace):
    apps.apply(
        namespace, "waiting", entrypoint="app.py", source=source(WORKING), machineType="GPU-B200"
    )
    app = apps.until(
        namespace,
        "waiting",
        lambda a: condition(a, "Ready").get("reason") == "WaitingForCapacity",
        "waits for capacity",
        300,
    )
    assert condition(app, "Stalled")["status"] == "False"

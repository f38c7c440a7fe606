"""The runner's pod: environment image, runtime and code brought in, the gate behind its probes.

It passes Pod Security "restricted": not root, no capability, no service-account token, a root file
system that cannot be written to.
"""

from dataclasses import dataclass

from falapp_operator.api import falapp, meta, model
from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.api.objects import Object, fingerprint
from falapp_operator.runner import placement
from falapp_runner import contract

USER = 65532
CONTAINER = "runner"
_TMP = "/tmp"  # noqa: S108 - in the pod, a volume of its own


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Everything that decides what a runner pod looks like."""

    app: str
    """The FalApp's name."""
    spec: FalAppSpec
    """The FalApp's spec."""
    machine: MachineTypeSpec
    """Its machine type."""
    environment_image: str
    """The environment image, by digest."""
    runtime_image: str
    """The runtime image of the environment's Python version."""
    source: str
    """The name of the ConfigMap with the app's files."""
    image_pull_secrets: tuple[str, ...] = ()
    """Secrets in the app's namespace to pull images with."""


def startup_seconds(spec: FalAppSpec) -> int:
    """Return how long a runner may take to import the app and run setup(), in seconds."""
    return model.seconds(spec.startup_timeout or falapp.DEFAULT_STARTUP_TIMEOUT)


def grace_seconds(spec: FalAppSpec) -> int:
    """Return how long a runner may take to finish, in seconds."""
    return model.seconds(spec.termination_grace_period or falapp.DEFAULT_GRACE_PERIOD)


def template(runner: Runner) -> Object:
    """Return the pod template, with its revision: the hash of everything else in it."""
    spec: Object = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": grace_seconds(runner.spec),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [_runtime(runner)],
        "containers": [_runner(runner)],
        "volumes": [
            {"name": "source", "configMap": {"name": runner.source}},
            *({"name": name, "emptyDir": {}} for name in ("runtime", "app", "tmp")),
        ],
        **placement.scheduling(runner.machine),
    }
    if runner.image_pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in runner.image_pull_secrets]
    return {
        "metadata": {
            "labels": meta.app_labels(runner.app),
            "annotations": {meta.ANNOTATION_REVISION: fingerprint(spec)},
        },
        "spec": spec,
    }


def _runtime(runner: Runner) -> Object:
    """Copy the runtime and the app's files to where the runner finds them."""
    # A ConfigMap volume is a set of symbolic links, beside folders that begin with two dots.
    script = (
        f"cp -r {contract.RUNTIME_IN_IMAGE}/. {contract.RUNTIME}/\n"
        f"for file in {contract.SOURCE}/* {contract.SOURCE}/.[!.]*; do\n"
        f'  [ ! -f "$file" ] || cp -L "$file" {contract.APP}/\n'
        "done"
    )
    return {
        "name": "runtime",
        "image": runner.runtime_image,
        "command": ["/bin/sh", "-ec", script],
        "resources": placement.resources(runner.machine, gpu=False),
        "securityContext": _restricted(),
        "volumeMounts": [
            {"name": "runtime", "mountPath": contract.RUNTIME},
            {"name": "source", "mountPath": contract.SOURCE, "readOnly": True},
            {"name": "app", "mountPath": contract.APP},
        ],
    }


def _runner(runner: Runner) -> Object:
    own = {variable.name for variable in runner.spec.env or ()}
    variables = {
        "HOME": _TMP,
        contract.ENTRYPOINT: runner.spec.entrypoint,
        contract.GRACE_SECONDS: str(grace_seconds(runner.spec)),
    }
    return {
        "name": CONTAINER,
        "image": runner.environment_image,
        "command": [contract.PYTHON, contract.BOOT],
        "workingDir": contract.APP,
        "env": [
            *({"name": n, "value": v} for n, v in variables.items() if n not in own),
            *(v.to_object() for v in runner.spec.env or ()),
        ],
        "ports": [
            {"name": "http", "containerPort": contract.APP_PORT, "protocol": "TCP"},
            {"name": "control", "containerPort": contract.CONTROL_PORT, "protocol": "TCP"},
        ],
        "resources": placement.resources(runner.machine),
        "securityContext": _restricted(),
        "startupProbe": _probe("/startup", 1, startup_seconds(runner.spec)),
        "readinessProbe": _probe("/ready", 1, 1),
        "livenessProbe": _probe("/live", 10, 3),
        "terminationMessagePath": contract.TERMINATION_LOG,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": "runtime", "mountPath": contract.RUNTIME, "readOnly": True},
            {"name": "app", "mountPath": contract.APP},
            {"name": "tmp", "mountPath": _TMP},
        ],
    }


def _probe(path: str, period: int, failures: int) -> Object:
    return {
        "httpGet": {"path": path, "port": "control", "scheme": "HTTP"},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def _restricted() -> Object:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }

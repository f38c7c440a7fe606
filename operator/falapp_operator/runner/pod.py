"""The runner's pod: environment image, runtime and code brought in, the gate behind its probes.

It passes Pod Security "restricted": not root, no capability, no service-account token, a root file
system that cannot be written to.
"""

from dataclasses import dataclass, field

from falapp_operator.api import meta, model
from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.api.objects import Object, fingerprint
from falapp_operator.api.stores import Files
from falapp_operator.runner import filestore, inits, placement, volumes
from falapp_operator.runner.source import Checkout, Copy
from falapp_runner import contract

USER = 65532
CONTAINER = "runner"
_WEDGED_SECONDS = 30
"""What a runner gets to end whose gate does not answer any more."""
_DATA = "/data"
_HF_HOME = f"{_DATA}/.cache/huggingface"


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Everything that decides what a runner pod looks like."""

    app: str
    """The FalApp's name."""
    spec: FalAppSpec
    """The FalApp's spec."""
    machine: MachineTypeSpec
    """Its machine type, or what all those can give that will do."""
    environment_image: str
    """The environment image, by digest."""
    runtime_image: str
    """The runtime image of the environment's Python version."""
    source: str
    """The name of the ConfigMap with the app's files, or with whom git trusts; empty for none."""
    code: Checkout | Copy | None = None
    """Where the app's files come from, if not from that ConfigMap."""
    image_pull_secrets: tuple[str, ...] = ()
    """Secrets in the app's namespace to pull images with."""
    files: Files = field(default_factory=Files)
    """Where the files of fal.toolkit go."""
    preferred: tuple[Object, ...] = ()
    """The preferred node affinity, where several machine types will do."""
    restart: str = ""
    """The value of the annotation falapp.dev/restart; empty without."""


def startup_seconds(spec: FalAppSpec) -> int:
    """Return how long the kubelet waits for a runner to be ready, in seconds.

    The runner gives up a little earlier, since it can say what hangs. Where the class says how
    long its start may take, only the runner knows that, and the kubelet is patient.
    """
    given = spec.startup_timeout
    asked = model.seconds(given) if given else contract.LONGEST_STARTUP_SECONDS
    return asked + contract.STARTUP_SLACK_SECONDS


# By the downward API: the revision is the hash of the very spec that this stands in.
_REVISION: Object = {
    "name": contract.REVISION,
    "valueFrom": {
        "fieldRef": {
            "apiVersion": "v1",
            "fieldPath": f"metadata.annotations['{meta.ANNOTATION_REVISION}']",
        }
    },
}

_NAMESPACE: Object = {
    "name": contract.NAMESPACE,
    "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}},
}


def grace_seconds(spec: FalAppSpec) -> int:
    """Return how long the kubelet waits for a runner to end; as for the start, with the class."""
    given = spec.termination_grace_period
    return model.seconds(given) if given else contract.LONGEST_GRACE_SECONDS


def template(runner: Runner) -> Object:
    """Return the pod template, with its revision: the hash of what else decides of it."""
    spec: Object = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        # The kernel hands process 1 no signal that it has no handler for: a pod that is deleted
        # while Python starts would stay for its whole grace period. Besides, what an app leaves
        # behind is reaped.
        "shareProcessNamespace": True,
        "terminationGracePeriodSeconds": grace_seconds(runner.spec),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            # else the kubelet goes through a whole claim of models at each start
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [_confined(runner, made) for made in _inits(runner)],
        "containers": [_runner(runner)],
        "volumes": [
            *([{"name": "source", "configMap": {"name": runner.source}}] if runner.source else ()),
            *({"name": name, "emptyDir": {}} for name in ("runtime", "app", "tmp")),
            *(volumes.volume(given) for given in runner.spec.volumes or ()),
            *filestore.volumes(runner.files),
            *placement.volumes(runner.machine),
        ],
        **placement.scheduling(runner.machine, runner.preferred),
    }
    if runner.image_pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in runner.image_pull_secrets]
    return {
        "metadata": {
            "labels": meta.app_labels(runner.app),
            "annotations": _annotations(spec, runner.restart),
        },
        "spec": spec,
    }


def _annotations(spec: Object, restart: str) -> dict[str, str]:
    if not restart:
        return {meta.ANNOTATION_REVISION: fingerprint(spec)}
    return {
        meta.ANNOTATION_REVISION: fingerprint([spec, restart]),
        meta.ANNOTATION_RESTART: restart,
    }


def _inits(runner: Runner) -> list[Object]:
    code = runner.code
    files = "" if code else runner.source
    made = [inits.runtime(runner.runtime_image, files, runner.spec.volumes or ())]
    if isinstance(code, Checkout):
        made.append(inits.checkout(code, trust=bool(runner.source)))
    elif code:
        made.append(inits.copy(code))
    return made


def _confined(runner: Runner, container: Object) -> Object:
    return container | {
        "resources": placement.resources(runner.machine, gpu=False),
        "securityContext": _restricted(),
    }


def _variables(runner: Runner) -> dict[str, str]:
    """Return the variables that a runner has before its user's; absent ones are the class's."""
    spec = runner.spec
    found = {
        "HOME": inits.TMP,
        contract.ENTRYPOINT: spec.entrypoint,
        contract.APP_NAME: runner.app,
    }
    if any(v.mount_path == _DATA and v.persistent_volume_claim for v in spec.volumes or ()):
        found["HF_HOME"] = _HF_HOME  # as on fal, which keeps models there
    return found | limits(spec) | placement.variables(runner.machine)


def limits(spec: FalAppSpec) -> dict[str, str]:
    """Return the variables by which a runner knows what the FalApp says of requests and time."""
    found = {}
    if spec.max_multiplexing is not None:
        found[contract.MAX_MULTIPLEXING] = str(spec.max_multiplexing)
    for name, duration in (
        (contract.REQUEST_TIMEOUT, spec.request_timeout),
        (contract.STARTUP_TIMEOUT, spec.startup_timeout),
        (contract.GRACE_SECONDS, spec.termination_grace_period),
    ):
        if duration is not None:
            found[name] = str(model.seconds(duration))
    return found


def _runner(runner: Runner) -> Object:
    own = {variable.name for variable in runner.spec.env or ()}
    made: Object = {
        "name": CONTAINER,
        "image": runner.environment_image,
        "command": [contract.PYTHON, contract.BOOT],
        "workingDir": contract.APP,
        "env": [
            *({"name": n, "value": v} for n, v in _variables(runner).items() if n not in own),
            *(v for v in (_REVISION, _NAMESPACE) if v["name"] not in own),
            *(v for v in filestore.variables(runner.files) if v["name"] not in own),
            *(v.to_object() for v in runner.spec.env or ()),
        ],
        "ports": [
            {"name": "http", "containerPort": contract.APP_PORT, "protocol": "TCP"},
            {"name": "control", "containerPort": contract.CONTROL_PORT, "protocol": "TCP"},
        ],
        "resources": placement.resources(runner.machine),
        "securityContext": _restricted(),
        "startupProbe": _impatient("/startup", 1, startup_seconds(runner.spec)),
        "readinessProbe": _probe("/ready", 1, 1),
        "livenessProbe": _impatient("/live", 10, 3),
        "terminationMessagePath": contract.TERMINATION_LOG,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": "runtime", "mountPath": contract.RUNTIME, "readOnly": True},
            {"name": "app", "mountPath": contract.APP},
            {"name": "tmp", "mountPath": inits.TMP},
            *(volumes.mount(given) for given in runner.spec.volumes or ()),
            *filestore.mounts(runner.files),
            *placement.mounts(runner.machine),
        ],
    }
    if runner.spec.env_from:
        made["envFrom"] = [e.to_object() for e in runner.spec.env_from]
    return made


def _impatient(path: str, period: int, failures: int) -> Object:
    """Return a probe whose failure is the end: the pod's grace period is for runners that work."""
    return _probe(path, period, failures) | {"terminationGracePeriodSeconds": _WEDGED_SECONDS}


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

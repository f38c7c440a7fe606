"""Conditions: each type beside all of its reasons, and the one way to set them.

The rules of the setter are Cluster API's (util/conditions/setter.go): observedGeneration is always
stamped, lastTransitionTime moves only when the status does, Ready stands first.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from falapp_operator.api import model
from falapp_operator.api.objects import Object


class ConditionType(StrEnum):
    """The conditions of our kinds. Argo CD, Helm and ``kubectl wait`` read Ready and Stalled."""

    READY = "Ready"
    ENVIRONMENT_READY = "EnvironmentReady"
    SETUP_COMPLETE = "SetupComplete"
    STALLED = "Stalled"
    CREDENTIALS_EXPOSED = "CredentialsExposed"
    SOURCE_STALE = "SourceStale"
    """Of a FalApp, with the reason why its git server could not be asked; there only then."""


class Reason(StrEnum):
    """Why a condition is as it is, one sentence each."""

    # Ready of a FalApp
    RUNNERS_READY = "RunnersReady"
    """Every replica of the current revision serves."""
    SCALED_TO_ZERO = "ScaledToZero"
    """No replica is asked for."""
    SUSPENDED = "Suspended"
    """spec.suspend is set: no runner is kept, and no build started."""
    ENVIRONMENT_NOT_READY = "EnvironmentNotReady"
    """The packages are not built yet."""
    STARTING = "Starting"
    """Runner pods are being created, or setup() is running."""
    WAITING_FOR_CAPACITY = "WaitingForCapacity"
    """No node has room for a runner, or none matches the machine type; it starts when one does."""

    # Ready of an Environment, EnvironmentReady of a FalApp
    PENDING = "Pending"
    """Nothing is known yet."""
    BUILD_QUEUED = "BuildQueued"
    """As many builds as may run at once are running; this one starts when its turn comes."""
    BUILDING = "Building"
    """A build Job is running."""
    BUILT = "Built"
    """The image was built for this Environment and pushed."""
    FOUND_IN_REGISTRY = "FoundInRegistry"
    """The registry had the image already; nothing was built."""

    # SetupComplete of a FalApp
    SETUP_RUNNING = "SetupRunning"
    """At least one runner has started and its setup() has not returned."""
    SETUP_RETURNED = "SetupReturned"
    """setup() returned in every ready runner."""
    NO_RUNNERS = "NoRunners"
    """No runner has been started."""

    # Stalled while nothing is wrong
    PROGRESSING = "Progressing"
    """Nothing needs a hand: the object is as asked for, or on its way there."""

    # CredentialsExposed of a FalApp, which is there only where it holds
    LITERAL_CREDENTIALS = "LiteralCredentials"
    """A requirement holds a password or a token, for everybody who can read the FalApp to see."""

    # User errors: Stalled until the spec changes
    INVALID_SPEC = "InvalidSpec"
    """The API server let something pass that the operator cannot use."""
    UNKNOWN_MACHINE_TYPE = "UnknownMachineType"
    """No MachineType has the name that the FalApp gives."""
    UNSUPPORTED_PYTHON = "UnsupportedPython"
    """The operator has no base and runtime image for the Python version asked for."""
    NAME_TAKEN = "NameTaken"
    """A Deployment, Service or build Job of the name exists and is not the object's."""
    CONFIG_MAP_NOT_FOUND = "ConfigMapNotFound"
    """A ConfigMap that the spec names, or a key of it, does not exist."""
    SECRET_NOT_FOUND = "SecretNotFound"  # noqa: S105 - a reason, not a secret
    """A Secret that the spec names, or a key of it, does not exist."""
    LOAD_FAILED = "LoadFailed"
    """The app cannot be loaded, in a way that has no reason of its own."""
    IMPORT_FAILED = "ImportFailed"
    """The app's file raised, or ended the process, while it was imported."""
    CLASS_NOT_FOUND = "ClassNotFound"
    """The app's file has no such fal.App class, or several and none is named."""
    INVALID_SIGNATURE = "InvalidSignature"
    """setup(), teardown(), handle_exit() or an endpoint cannot be called as it is declared."""
    RUNTIME_CONFLICT = "RuntimeConflict"
    """The environment has a version of a package with which fal cannot be imported."""
    SETUP_FAILED = "SetupFailed"
    """setup() raised."""
    SETUP_EXITED = "SetupExited"
    """setup() ended the process."""
    SETUP_TIMEOUT = "SetupTimeout"
    """Importing the app and setup() took longer than they may."""
    PORT_TAKEN = "PortTaken"
    """Something else in the pod, such as setup(), opened a port of the runner's."""
    SERVE_FAILED = "ServeFailed"
    """The runner's server ended by itself."""
    WORKER_LOST = "WorkerLost"
    """The app answered 503, as fal does when a GPU is lost, or could not end a request; its runner
    drained, and another one takes its place."""
    RUNNER_FAILED = "RunnerFailed"
    """A runner's process ended by itself, in a way that has no reason of its own."""
    SOURCE_NOT_FOUND = "SourceNotFound"
    """The git repository has no such branch, tag, commit or folder, or there is none."""
    SOURCE_UNREACHABLE = "SourceUnreachable"
    """The git server did not answer; it is asked again."""
    VOLUME_CLAIM_NOT_FOUND = "VolumeClaimNotFound"
    """A PersistentVolumeClaim that the spec names does not exist."""
    OUT_OF_MEMORY = "OutOfMemory"
    """A container was killed because it used more memory than its machine type has."""
    PODS_REFUSED = "PodsRefused"
    """The API server refuses the runner's pods: a quota is used up, or admission says no."""
    REFUSED = "Refused"
    """The API server does not accept what the operator writes for the object."""
    IMAGE_PULL_FAILED = "ImagePullFailed"
    """A node cannot pull an image that the pod needs."""

    # How builds fail: what the requirements ask for
    INVALID_REQUIREMENT = "InvalidRequirement"
    """A requirement is not one that pip accepts, or one that is refused here."""
    PACKAGE_NOT_FOUND = "PackageNotFound"
    """An index does not have the package, or not that version."""
    NO_MATCHING_WHEEL = "NoMatchingWheel"
    """The package is there, but not for this Python or platform."""
    RESOLUTION_IMPOSSIBLE = "ResolutionImpossible"
    """No set of versions satisfies all requirements together."""
    HASH_MISMATCH = "HashMismatch"
    """A file is not the one whose hash the requirement or the index gives."""
    ACCESS_DENIED = "AccessDenied"
    """An index, a file's host or a git server refuses the credentials, or wants some."""
    COMPILE_FAILED = "CompileFailed"
    """A package that comes as source could not be built."""
    INSTALL_FAILED = "InstallFailed"
    """A package was found and could not be installed."""
    BASE_IMAGE_UNUSABLE = "BaseImageUnusable"
    """The base image has no python3, or one of another version than was asked for."""
    BASE_IMAGE_PULL_FAILED = "BaseImagePullFailed"
    """The registry of the base image does not have it, or does not give it to us."""
    DOCKERFILE_FAILED = "DockerfileFailed"
    """A command of the Dockerfile failed."""

    # How builds fail: what they run on
    BUILD_FAILED = "BuildFailed"
    """The build ended in a way that has no reason of its own."""
    BUILD_TIMEOUT = "BuildTimeout"
    """The build took longer than it may."""
    DISK_FULL = "DiskFull"
    """The build needs more disk than it may use, or than its node has."""

    # How builds fail: what heals by itself, and is tried again with growing pauses
    EVICTED = "Evicted"
    """The build's node ended its pod, or did not take it."""
    INDEX_UNREACHABLE = "IndexUnreachable"
    """A package index did not answer."""
    PUSH_DENIED = "PushDenied"
    """The registry refuses the push: the operator's push credentials are missing or wrong."""
    PUBLISH_FAILED = "PublishFailed"
    """The image was built and could not be pushed."""
    REGISTRY_UNREACHABLE = "RegistryUnreachable"
    """The registry did not answer, or refused the question."""


class Condition(model.Model):
    """One observation of an object's state, as in Kubernetes' ``metav1.Condition``."""

    type: Annotated[str, Field(max_length=316)]
    """What the condition is about."""
    status: Literal["True", "False", "Unknown"]
    """Whether it holds."""
    reason: Annotated[str, Field(min_length=1, max_length=1024)]
    """Why, as one word in CamelCase."""
    message: Annotated[str, Field(max_length=32768)] = ""
    """Why, as a sentence."""
    observed_generation: Annotated[int, Field(ge=0)] = 0
    """The generation of the spec that was looked at."""
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})] = ""
    """When the status changed last, UTC."""


def condition(
    type_: ConditionType, status: bool | None, reason: str, message: str = ""
) -> Condition:
    """Return a condition without time and generation; `merged` adds them. None means Unknown."""
    word: Literal["True", "False", "Unknown"] = (
        "Unknown" if status is None else "True" if status else "False"
    )
    return Condition(type=type_.value, status=word, reason=str(reason), message=message)


def of(obj: Object) -> tuple[Condition, ...]:
    """Return the conditions that an object has; one that cannot be read is as if it were not.

    A newer operator may have written a status that this one does not know: it is written anew.
    """
    found = obj.get("status", {}).get("conditions", ())
    known = (_read(c) for c in found)
    return tuple(c for c in known if c is not None)


def _read(raw: Object) -> Condition | None:
    try:
        return Condition.model_validate(raw)
    except ValidationError:
        return None


def merged(
    old: Iterable[Condition], new: Iterable[Condition], generation: int, now: str
) -> tuple[Condition, ...]:
    """Return ``new`` with generation and times; a status that stays keeps its ``old`` time.

    Args:
        old: The conditions that the object has.
        new: The conditions that it shall have, all of them.
        generation: metadata.generation of the spec that was looked at.
        now: The time, RFC 3339 in UTC and whole seconds.
    """
    before = {c.type: c for c in old}
    order = list(ConditionType)

    def stamped(c: Condition) -> Condition:
        was = before.get(c.type)
        same = was is not None and was.status == c.status and was.last_transition_time
        since = was.last_transition_time if was is not None and same else now
        return c.model_copy(
            update={"observed_generation": generation, "last_transition_time": since}
        )

    return tuple(stamped(c) for c in sorted(new, key=lambda c: order.index(ConditionType(c.type))))

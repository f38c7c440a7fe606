"""Reasons: each word that a condition of ours gives, where it stands, and what it asks for.

docs/reasons.md is made of it (`glossary`), so each docstring is for users: first what happened, and
where somebody is to act, the way out.
"""

from enum import Flag, StrEnum, auto
from typing import Self


class Nature(StrEnum):
    """What a reason means for whoever waits."""

    DONE = "It is as asked for"
    QUIET = "Nothing is asked for"
    """True once nothing is left, False until then."""
    UNKNOWN = "Nothing is known yet"
    UNDERWAY = "It is on its way"
    HEALS = "It heals by itself"
    LIMITED = "It is tried five times"
    """Then it is as `MEND`."""
    MEND = "It waits for a person"
    """Stalled is True."""
    REST = "Nobody is waited for"
    """What Stalled says while it is False."""
    WARNING = "It works, and should not stay so"


class Place(Flag):
    """Where a reason stands; where it failed, Stalled and Ready of whatever it holds up, too."""

    APP = auto()
    """Ready of a FalApp."""
    SETUP = auto()
    """SetupComplete of a FalApp."""
    PACKAGES = auto()
    """EnvironmentReady of a FalApp."""
    BUILD = auto()
    """Ready of an Environment, and EnvironmentReady of the FalApps that wait for it."""
    SOURCE = auto()
    """SourceStale of a FalApp, as a warning: what it has of the source goes on being used."""
    CREDENTIALS = auto()
    """CredentialsExposed of a FalApp."""
    STALLED = auto()
    """Stalled of both kinds."""
    WITHDRAWN = auto()
    """Withdrawn of a FalApp."""


_DONE, _QUIET, _UNKNOWN, _UNDERWAY, _HEALS, _LIMITED, _MEND, _REST, _WARNING = Nature
_APP, _SETUP, _PACKAGES, _BUILD, _SOURCE, _CREDENTIALS, _STALLED, _WITHDRAWN = Place
_NOWHERE = Place(0)


class Reason(StrEnum):
    """Why a condition is as it is.

    Attributes:
        nature: What it means for whoever waits.
        place: Where it stands.
        building: What it means on an Environment, where that is something else.
    """

    nature: Nature
    place: Place
    building: Nature

    # The defaults are for mypy, which takes Reason("Starting") for a call of this; no row does
    # without them (a test looks).
    def __new__(
        cls,
        word: str,
        nature: Nature = Nature.DONE,
        place: Place = _NOWHERE,
        building: Nature | None = None,
    ) -> Self:
        """Make a member of one row of the table."""
        made = str.__new__(cls, word)
        made._value_ = word
        made.nature, made.place, made.building = nature, place, building or nature
        return made

    # An app that runs, or is on its way
    RUNNERS_READY = "RunnersReady", _DONE, _APP
    """Every replica of the current revision serves."""
    SCALED_TO_ZERO = "ScaledToZero", _QUIET, _APP
    """No replica is asked for."""
    SUSPENDED = "Suspended", _QUIET, _APP
    """spec.suspend is set: no runner is kept, and no build started; take it out to go on."""
    ENVIRONMENT_NOT_READY = "EnvironmentNotReady", _UNDERWAY, _APP
    """The packages are not there yet; EnvironmentReady says how far they are."""
    STARTING = "Starting", _UNDERWAY, _APP
    """Runner pods are being created, or setup() is running."""
    RUNNER_UNREADY = "RunnerUnready", _HEALS, _APP
    """A runner that had started is not ready now: its node is out of reach, its code lets nothing
    else run, or it is about to end. It gets requests again as soon as it is ready."""
    WAITING_FOR_CAPACITY = "WaitingForCapacity", _HEALS, _APP
    """No node has room for a runner, or none matches the machine type; it starts when one does."""

    # Packages
    PENDING = "Pending", _UNKNOWN, _PACKAGES
    """Nothing has been asked for yet, or nothing is known of it."""
    BUILD_QUEUED = "BuildQueued", _UNDERWAY, _BUILD
    """As many builds as may run at once are running; this one starts when its turn comes."""
    BUILDING = "Building", _UNDERWAY, _BUILD
    """A build is running; the message has its step."""
    BUILT = "Built", _DONE, _BUILD
    """The image was built for this Environment and pushed."""
    FOUND_IN_REGISTRY = "FoundInRegistry", _DONE, _BUILD
    """The registry had the image already; nothing was built."""

    # The app's own setup
    SETUP_RUNNING = "SetupRunning", _UNDERWAY, _SETUP
    """A runner was started, and its setup() has not returned."""
    SETUP_RETURNED = "SetupReturned", _DONE, _SETUP
    """setup() returned in every runner."""
    NO_RUNNERS = "NoRunners", _UNKNOWN, _SETUP
    """No runner of this revision has been started."""

    PROGRESSING = "Progressing", _REST, _STALLED
    """Nothing needs a hand: the object is as asked for, or on its way there."""
    LITERAL_CREDENTIALS = "LiteralCredentials", _WARNING, _CREDENTIALS
    """A requirement holds a password or a token, for everybody to see who can read the FalApp.
    Put it into a Secret and name that in spec.requirementSecrets."""

    # What a spec asks for that cannot be had
    INVALID_SPEC = "InvalidSpec", _MEND, _APP | _BUILD | _SOURCE
    """The API server let something pass that the operator cannot use. Correct the field that the
    message names."""
    UNKNOWN_MACHINE_TYPE = "UnknownMachineType", _MEND, _APP
    """No MachineType has the name that the FalApp gives. Take one of those in the message."""
    UNSUPPORTED_PYTHON = "UnsupportedPython", _MEND, _APP
    """The operator has no images for the Python version asked for. Take one of those in the
    message."""
    NAME_TAKEN = "NameTaken", _MEND, _APP | _BUILD, _HEALS
    """An object of that name exists and is not ours. Rename one of both; a build waits until the
    other one has ended."""
    REFUSED = "Refused", _MEND, _APP | _BUILD, _HEALS
    """The API server does not accept what the operator writes for the object. Its words are in the
    message; it is tried again with growing pauses."""
    CONFIG_MAP_NOT_FOUND = "ConfigMapNotFound", _MEND, _APP
    """A ConfigMap that the spec names, or a key of it, does not exist. Create it; nothing else is
    needed."""
    SECRET_NOT_FOUND = "SecretNotFound", _MEND, _APP | _BUILD | _SOURCE
    """A Secret that the spec names, or a key of it, does not exist. Create it; nothing else is
    needed."""
    VOLUME_CLAIM_NOT_FOUND = "VolumeClaimNotFound", _MEND, _APP
    """A PersistentVolumeClaim that the spec names does not exist. Create it; nothing else is
    needed."""
    SOURCE_NOT_FOUND = "SourceNotFound", _MEND, _APP | _SOURCE
    """The git repository has no such branch, tag, commit or folder, or there is none. Push it, or
    correct spec.source.git."""
    SOURCE_UNREACHABLE = "SourceUnreachable", _HEALS, _APP | _SOURCE
    """The git server did not answer; it is asked again."""

    # How runners fail
    LOAD_FAILED = "LoadFailed", _MEND, _APP | _SETUP
    """The app cannot be loaded, in a way that has no reason of its own, as without its file, or
    with an option that is no number. See failure.logTail."""
    IMPORT_FAILED = "ImportFailed", _MEND, _APP | _SETUP
    """The app's file raised, or ended the process, while it was imported. failure.logTail has the
    traceback."""
    CLASS_NOT_FOUND = "ClassNotFound", _MEND, _APP | _SETUP
    """The app's file has no such fal.App class, or several and none is named. Correct
    spec.entrypoint."""
    INVALID_SIGNATURE = "InvalidSignature", _MEND, _APP | _SETUP
    """setup(), teardown(), handle_exit() or an endpoint cannot be called as it is declared. The
    message says which one and why."""
    RUNTIME_CONFLICT = "RuntimeConflict", _MEND, _APP | _SETUP
    """The environment has a version of a package with which fal cannot be imported. The message has
    both versions."""
    SETUP_FAILED = "SetupFailed", _MEND, _APP | _SETUP
    """setup() raised. failure.logTail has the traceback."""
    SETUP_EXITED = "SetupExited", _MEND, _APP | _SETUP
    """setup() ended the process, by sys.exit(), os._exit() or a crash in C code.
    failure.logTail has its last lines."""
    SETUP_TIMEOUT = "SetupTimeout", _MEND, _APP | _SETUP
    """Importing the app and setup() took longer than they may. Raise spec.startupTimeout, or see in
    failure.logTail where it hangs."""
    PORT_TAKEN = "PortTaken", _MEND, _APP
    """Something else in the pod, such as setup(), opened port 8080 or 8081. Let it take another
    one."""
    SERVE_FAILED = "ServeFailed", _MEND, _APP
    """The runner's server ended by itself. See failure.logTail."""
    WORKER_LOST = "WorkerLost", _HEALS, _APP
    """The app answered 503, as fal does when a GPU is lost, or could not end a request; its runner
    drained, and another one takes its place."""
    RUNNER_FAILED = "RunnerFailed", _MEND, _APP
    """A runner's process ended by itself, in a way that has no reason of its own. See
    failure.logTail."""
    OUT_OF_MEMORY = "OutOfMemory", _MEND, _APP | _BUILD
    """A container was killed because it used more memory than it may. The message says whose limit
    it was: take a larger machineType, or raise that of builds."""
    PODS_REFUSED = "PodsRefused", _MEND, _APP
    """The API server refuses the runner's pods: a quota is used up, or admission says no. The
    message has its words."""
    IMAGE_PULL_FAILED = "ImagePullFailed", _MEND, _APP
    """A node cannot pull an image that the pod needs. See that nodes reach its registry, trust it,
    and have the credentials."""

    ROLLED_BACK = "RolledBack", _WARNING, _WITHDRAWN
    """The revision asked for failed to start more than once, while fewer runners served than are
    asked for: the former one has its place again. Correct the spec, or set the annotation
    falapp.dev/retry to have the same tried once more."""

    # How builds fail: what the requirements ask for
    INVALID_REQUIREMENT = "InvalidRequirement", _MEND, _APP | _BUILD
    """A requirement is not one that pip accepts, or one that is refused here. Correct it."""
    PACKAGE_NOT_FOUND = "PackageNotFound", _MEND, _BUILD
    """An index does not have the package, or not that version. Correct it, or name the index that
    has it."""
    NO_MATCHING_WHEEL = "NoMatchingWheel", _MEND, _BUILD
    """The package is there, but not for this Python or platform. Take another version of either."""
    RESOLUTION_IMPOSSIBLE = "ResolutionImpossible", _MEND, _BUILD
    """No set of versions satisfies all requirements together. The message has those that clash."""
    HASH_MISMATCH = "HashMismatch", _MEND, _BUILD
    """A file is not the one whose hash the requirement or the index gives. Find out who changed
    it."""
    ACCESS_DENIED = "AccessDenied", _MEND, _APP | _BUILD | _SOURCE
    """An index, a file's host or a git server refuses the credentials, or wants some. Correct the
    Secret that holds them, and set the annotation falapp.dev/retry."""
    COMPILE_FAILED = "CompileFailed", _MEND, _BUILD
    """A package that comes as source could not be built. failure.logTail has the compiler's
    words."""
    INSTALL_FAILED = "InstallFailed", _MEND, _BUILD
    """A package was found and could not be installed. See failure.logTail."""
    BASE_IMAGE_UNUSABLE = "BaseImageUnusable", _MEND, _BUILD
    """The base image cannot be built upon, as without python3 or with one of another version. Name
    another one in spec.image."""
    BASE_IMAGE_PULL_FAILED = "BaseImagePullFailed", _MEND, _BUILD
    """The registry of the base image does not have it, or does not give it to us. Check its name,
    and the pullSecret beside it."""
    DOCKERFILE_FAILED = "DockerfileFailed", _MEND, _BUILD
    """A command of the Dockerfile failed. failure.logTail has its output."""

    # How builds fail: what they run on
    BUILD_FAILED = "BuildFailed", _MEND, _BUILD
    """The build ended in a way that has no reason of its own. See failure.logTail."""
    BUILD_TIMEOUT = "BuildTimeout", _MEND, _BUILD
    """The build took longer than it may. Raise builds.timeout of the operator's chart."""
    DISK_FULL = "DiskFull", _MEND, _APP | _BUILD
    """There is not enough disk, by a limit or on the node. The message says which."""
    EVICTED = "Evicted", _LIMITED, _BUILD
    """The build's node ended its pod, or did not take it."""
    INDEX_UNREACHABLE = "IndexUnreachable", _HEALS, _BUILD
    """A package index did not answer; it is asked again with growing pauses."""
    PUSH_DENIED = "PushDenied", _LIMITED, _BUILD
    """The registry refuses the push. Correct the operator's push credentials, and set the
    annotation falapp.dev/retry."""
    PUBLISH_FAILED = "PublishFailed", _LIMITED, _BUILD
    """The image was built and could not be pushed. See that the registry takes it, and set the
    annotation falapp.dev/retry."""
    REGISTRY_UNREACHABLE = "RegistryUnreachable", _HEALS, _BUILD
    """The registry did not answer, or refused the question; it is asked again."""

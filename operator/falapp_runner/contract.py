"""What the operator and the runner agree on: paths, ports, variables, and the form of a failure.

The operator builds pods from these names and the runner reads them in the pod, so that neither
spells one alone. Nothing here imports anything outside the standard library.
"""

RUNTIME_IN_IMAGE = "/opt/falapp/runtime"
"""Where the runtime image holds the runtime; its init container copies it to `RUNTIME`."""

RUNTIME = "/falapp/runtime"
"""The runtime in the runner's container: falapp_runner, fal and what fal needs; end of sys.path."""

SOURCE = "/falapp/source"
"""The app's files as the ConfigMap volume shows them (symbolic links, read-only)."""

APP = "/app"
"""The app's files as the app sees them: a writable copy, its working directory, as on fal."""

COPIED = "/falapp/app"
"""The same folder as init containers see it: the image of one may have an /app of its own."""

PYTHON = "/opt/env/bin/python"
"""The interpreter of the environment image."""

BOOT = f"{RUNTIME}/boot.py"
"""The script that the runner's container starts: `PYTHON BOOT`."""

APP_PORT = 8080
"""Where the app answers, as on fal."""

CONTROL_PORT = 8081
"""Where the gate answers: /startup, /ready, /live, /state, /metrics."""

ENTRYPOINT = "FALAPP_ENTRYPOINT"
"""The variable that holds the FalApp's entrypoint."""

GIT_URL = "FALAPP_SOURCE_URL"
"""For the init container that clones: the repository."""

GIT_COMMIT = "FALAPP_SOURCE_COMMIT"
"""The commit in full."""

GIT_PATH = "FALAPP_SOURCE_PATH"
"""The folder in it; absent for all of it."""

GIT_AUTHORITY = "FALAPP_SOURCE_AUTHORITY"
"""A file with certificate authorities to trust besides the image's own; absent without any."""

GIT_SECRET_PREFIX = "FALAPP_GIT_"  # noqa: S105 - where the secret is, and not what it is
"""What stands before the keys of the Secret: token, or username and password."""

MAX_MULTIPLEXING = "FALAPP_MAX_MULTIPLEXING"
"""The variable that holds how many requests a runner works on at once.

This one and the three below it are set where the FalApp says something, and absent where it does
not: then the attribute of the class counts, and without it fal's default."""

REQUEST_TIMEOUT = "FALAPP_REQUEST_TIMEOUT"
"""The variable that holds how many seconds a request may take; 0 is no limit."""

STARTUP_TIMEOUT = "FALAPP_STARTUP_TIMEOUT"
"""The variable that holds how many seconds importing the app and setup() may take together."""

GRACE_SECONDS = "FALAPP_GRACE_SECONDS"
"""The variable that holds how many seconds a runner has between SIGTERM and its end."""

FILES = "FALAPP_FILES"
"""The variable that holds the cluster's store for files, as JSON; absent where there is none.

{"bucket": {name, region, linkSeconds, secret; endpoint, prefix, publicURL where given}} or
{"volume": {publicURL}}"""

FILES_KEY_ID = "FALAPP_FILES_ACCESS_KEY_ID"
"""The variable that holds who keeps files in the bucket."""

FILES_SECRET_KEY = "FALAPP_FILES_SECRET_ACCESS_KEY"  # noqa: S105 - a variable's name
"""The variable that holds the password to it."""

FILES_FOLDER = "/falapp/files"
"""Where the volume for files is, if the store is one."""

DEFAULT_STARTUP_SECONDS = 600
"""How long importing the app and setup() may take where neither FalApp nor class says it."""

DEFAULT_GRACE_SECONDS = 30
"""How long a runner has to finish where neither FalApp nor class says it."""

LONGEST_STARTUP_SECONDS = 24 * 3600
"""What the kubelet is told where the FalApp leaves startupTimeout to the class, and at most what a
class may say: the runner keeps to the class's own by itself."""

LONGEST_GRACE_SECONDS = 3600
"""The same for terminationGracePeriod; fal allows no more either."""

STARTUP_SLACK_SECONDS = 10
"""By how much the kubelet's patience is longer than the runner's, which can say what hangs."""

TERMINATION_LOG = "/dev/termination-log"
"""Where a failure goes: JSON with `reason`, `message` and `logTail`, at most 4096 bytes."""

LOAD_FAILED = "LoadFailed"
"""Reason: the app cannot be loaded, in a way that has no reason of its own."""

IMPORT_FAILED = "ImportFailed"
"""Reason: the file raised, or ended the process, while it was imported."""

CLASS_NOT_FOUND = "ClassNotFound"
"""Reason: the file has no such fal.App class, or more than one and none is named."""

INVALID_SIGNATURE = "InvalidSignature"
"""Reason: setup(), teardown(), handle_exit() or an endpoint cannot be called as it is declared."""

RUNTIME_CONFLICT = "RuntimeConflict"
"""Reason: fal cannot be imported with a version that the environment has of something it needs."""

SETUP_FAILED = "SetupFailed"
"""Reason: setup() raised."""

SETUP_EXITED = "SetupExited"
"""Reason: setup() ended the process."""

SETUP_TIMEOUT = "SetupTimeout"
"""Reason: importing the app and setup() took longer than they may."""

PORT_TAKEN = "PortTaken"
"""Reason: something else in the pod, such as setup(), opened a port of the runner's."""

SERVE_FAILED = "ServeFailed"
"""Reason: the server ended by itself."""

STARTUP_INTERRUPTED = "StartupInterrupted"
"""Reason: SIGTERM came before the app was ready (exit code 143), as when its pod is deleted.

The message says how far it was."""

MAX_QUEUED = "FALAPP_MAX_QUEUED"
"""The variable that holds how many more may wait in the runner; beyond that it answers 429."""

ACCESS_LOG = "FALAPP_ACCESS_LOG"
"""The variable that, as 1 or true, asks for one line in the log for each request."""

APP_NAME = "FALAPP_NAME"
"""The variable that holds the FalApp's name."""

REVISION = "FALAPP_REVISION"
"""The variable that tells the pods of one spec of the FalApp from those of another."""

NAMESPACE = "FALAPP_NAMESPACE"
"""The variable that holds the FalApp's namespace."""

WORKER_LOST = "WorkerLost"
"""Reason: the app answered 503, as fal does when a GPU is lost, or cannot be made to end a request;
the runner drained and ended, to be replaced."""

STATE_LINE = "falapp: {state}"
"""How a runner's log tells that it entered a state; a time stands before it."""

TIMEOUT_DUMP = "Timeout ("
"""What a termination message begins with that the interpreter itself left, when startup took too
long and no Python code of the runner's could run: Python's words (faulthandler), then stacks."""

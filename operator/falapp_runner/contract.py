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

GRACE_SECONDS = "FALAPP_GRACE_SECONDS"
"""The variable that holds the pod's termination grace period in seconds."""

TERMINATION_LOG = "/dev/termination-log"
"""Where a failure goes: JSON with `reason`, `message` and `logTail`, at most 4096 bytes."""

LOAD_FAILED = "LoadFailed"
"""Reason: the file could not be imported, or has no such class."""

SETUP_FAILED = "SetupFailed"
"""Reason: setup() raised, or ended the process."""

SERVE_FAILED = "ServeFailed"
"""Reason: the server could not start or ended by itself, as when the port is taken."""

STARTUP_INTERRUPTED = "StartupInterrupted"
"""Reason: SIGTERM came before the app was ready, as when startupTimeout runs out (exit code 143).

The message says how far it was; of a pod that is being deleted it means nothing."""

MAX_MULTIPLEXING = "FALAPP_MAX_MULTIPLEXING"
"""The variable that holds how many requests a runner answers at once."""

MAX_QUEUED = "FALAPP_MAX_QUEUED"
"""The variable that holds how many more may wait in the runner; beyond that it answers 429."""

REQUEST_TIMEOUT = "FALAPP_REQUEST_TIMEOUT"
"""The variable that holds the seconds that one request may take; 0 is no limit."""

ACCESS_LOG = "FALAPP_ACCESS_LOG"
"""The variable that, as 1 or true, asks for one line in the log for each request."""

APP_NAME = "FALAPP_NAME"
"""The variable that holds the FalApp's name."""

REVISION = "FALAPP_REVISION"
"""The variable that tells the pods of one spec of the FalApp from those of another."""

WORKER_LOST = "WorkerLost"
"""Reason: the app answered 503, as fal does when a GPU is lost, or cannot be made to end a request;
the runner drained and ended, to be replaced."""

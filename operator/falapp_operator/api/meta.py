"""Names that several kinds share: group, labels, annotations, and how objects are called.

Every label, annotation and object name of ours is made here, so that two writers never spell one
thing in two ways.
"""

import hashlib
import re

from falapp_operator.api import model

GROUP = "falapp.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

FIELD_MANAGER = "falapp-operator"
"""The one field manager of every server-side apply."""

REPORTER = f"{GROUP}/operator"
"""Who tells the Events."""

LABEL_APP = f"{GROUP}/app"
"""On a FalApp's Deployment, pods, Service and source: the FalApp's name, shortened if needed."""

LABEL_ENVIRONMENT = f"{GROUP}/environment"
"""On build Jobs, their pods and requests: the Environment's name."""

ANNOTATION_ENVIRONMENT = f"{GROUP}/environment"
"""On Deployments: the name of the Environment whose image their pods have."""

ANNOTATION_REVISION = f"{GROUP}/revision"
"""On runner pods: the hash of their template, so that a pod tells which revision it is of."""

ANNOTATION_APPLIED = f"{GROUP}/applied"
"""On every child: the hash of what was applied, so that an unchanged child is not written again."""

ANNOTATION_RETRY = f"{GROUP}/retry"
"""On a FalApp or an Environment, by users: a value that was not there before lets what waits for a
person be tried once more."""

ANNOTATION_RESTART = f"{GROUP}/restart"
"""On a FalApp, by users, and on its runner pods: another value is a new revision of the same."""

ANNOTATION_RESTARTED = "kubectl.kubernetes.io/restartedAt"
"""On a Deployment's pod template and its pods, by ``kubectl rollout restart``."""

ANNOTATION_KEY = f"{GROUP}/key"
"""On build Jobs: the whole key of what is built, of which the name is but a part."""

ANNOTATION_ATTEMPT = f"{GROUP}/attempt"
"""On build Jobs: how many builds of the Environment there were by then, this one included."""

APP_NAME = r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"
"""What a FalApp may be called."""

APP_NAMED = model.cel(
    f"self.metadata.name.matches('^{APP_NAME}$')",
    "metadata.name: a FalApp's name is its host name, so it has at most 63 characters"
    " of a-z, 0-9 and '-', begins with a letter and does not end with '-'",
    lambda it: bool(re.fullmatch(APP_NAME, it["metadata"]["name"])),
)

LABEL_MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGED_BY = "falapp"

_LABEL_LIMIT = 63
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def shortened(name: str, limit: int = _LABEL_LIMIT) -> str:
    """Return ``name`` if it is a DNS label within ``limit``, else a shortened form with a hash.

    A name that is kept never ends like one that was shortened by accident: the hash is of the whole
    name, eight hexadecimal digits after a dash.
    """
    if len(name) <= limit and _NAME.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[: limit - 9].rstrip("-")
    return f"{stem or 'x'}-{digest}"


def app_labels(app: str) -> dict[str, str]:
    """Return the labels of everything that belongs to the FalApp called ``app``."""
    return {LABEL_APP: shortened(app), LABEL_MANAGED_BY: MANAGED_BY}


def app_selector(app: str) -> str:
    """Return the label selector, as a string, of a FalApp's runner pods (scale subresource)."""
    return f"{LABEL_APP}={shortened(app)}"


def environment_labels(environment: str) -> dict[str, str]:
    """Return the labels of everything that belongs to the build of an Environment."""
    return {LABEL_ENVIRONMENT: environment, LABEL_MANAGED_BY: MANAGED_BY}

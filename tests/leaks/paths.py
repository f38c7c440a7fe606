"""The ways that are known for secrets to get out of builds, and where each is looked for.

The numbers are those of the list that was made by measuring pip, uv, git, Kaniko and kopf.
"""

from dataclasses import dataclass

from tests.leaks.places import Place


@dataclass(frozen=True)
class Path:
    """One way."""

    number: int
    what: str
    places: tuple[Place, ...] = ()
    """Where the sweep would find it."""
    why_not: str = ""
    """Why it cannot be, beside what the sweep looks at."""


_REGISTRY = (Place.MANIFESTS, Place.CONFIGS, Place.LAYERS, Place.LOCKS, Place.BILLS)
_STATUS = (Place.OBJECTS, Place.EVENTS, Place.MESSAGES)
_LOGS = (Place.BUILD_LOGS, Place.OPERATOR_LOG, Place.MESSAGES)

PATHS = (
    Path(1, "a signed URL's query in direct_url.json", (Place.LAYERS, Place.BILLS)),
    Path(2, "a signed URL in what pip and uv print", (*_LOGS, *_STATUS)),
    Path(3, "a token that git asks a password for, after 401", (*_LOGS, *_STATUS)),
    Path(4, "a malformed requirement, printed as it was typed", (*_LOGS, *_STATUS)),
    Path(5, ".git/config of an editable install", (Place.LAYERS,), "-e is refused"),
    Path(6, "caches of uv and pip", (Place.LAYERS,)),
    Path(7, "Requires-Dist of a private package", (Place.LAYERS, Place.LOCKS)),
    Path(8, "the lock", (Place.LOCKS, Place.OBJECTS)),
    Path(9, "RUN, ARG and ENV in the image's history", (Place.CONFIGS,)),
    Path(10, "Kaniko's log of what it runs", (Place.BUILD_LOGS,)),
    Path(11, "Kaniko's traces", why_not="v1.24.0 has none; they came with a later fork"),
    Path(12, "Kaniko's cache repository", _REGISTRY, "environments are built without --cache"),
    Path(13, "Kaniko's --secret in the file system of other steps", (Place.LAYERS,)),
    Path(14, "configuration files left in a layer", (Place.LAYERS,)),
    Path(15, "arguments and variables of Jobs and Pods", (Place.OBJECTS,)),
    Path(16, "copies of the spec in annotations and managedFields", (Place.OBJECTS,)),
    Path(17, "kopf's progress annotations and Events", (Place.OBJECTS, Place.EVENTS)),
    Path(18, "kopf's log at debug level", (Place.OPERATOR_LOG,)),
    Path(
        19,
        "a key or a tag that changes with the token",
        (Place.MANIFESTS,),
        "test_private.py: a rotated token and a URL signed anew keep the environment",
    ),
    Path(
        20,
        "another namespace that gets the image by typing the same names",
        why_not="test_private.py: it needs a token of its own",
    ),
    Path(
        21,
        "a private name on a public index",
        why_not="it leaks no secret; the documentation tells what several indexes mean",
    ),
    Path(
        22,
        "termination messages, metrics, /openapi.json, lists of packages at start",
        (Place.MESSAGES, Place.ANSWERS, Place.RUNNER_LOGS),
    ),
)

"""What each step of a build sees, and what it can change: the whole of it, in one table.

Requirement secrets reach the steps that fetch what the user named; credentials to push reach
`publish` alone, which runs nothing that a user wrote; and what runs code of packages (`sources`)
writes to a volume of its own, so that it can change nothing that others get.
"""

from collections.abc import Iterable

from falapp_operator.api.objects import Object

READ, WRITE = True, False

MOUNTS: dict[str, dict[str, bool]] = {
    "cache": {
        "request": READ,
        "ca": READ,
        "registry": READ,
        "push": READ,
    },
    "relay": {
        "request": READ,
        "ca": READ,
        "registry": READ,
    },
    "dockerfile": {
        "request": READ,
        "ca": READ,
        "pull": READ,
        "out-sources": WRITE,
        "workspace": WRITE,
    },
    "tools": {
        "tools": WRITE,
    },
    "resolve": {
        "request": READ,
        "secrets": READ,
        "ca": READ,
        "tools": READ,
        "lock": WRITE,
    },
    "plan": {
        "request": READ,
        "secrets": READ,
        "ca": READ,
        "pull": READ,
        "registry": READ,
        "lock": READ,
        "plan": WRITE,
        "wheels": WRITE,
        "cache": WRITE,
    },
    "wheels": {
        "ca": READ,
        "pull": READ,
        "tools": READ,
        "plan": READ,
        "wheels": READ,
        "out-wheels": WRITE,
        "workspace": WRITE,
    },
    "sources": {
        "secrets": READ,
        "ca": READ,
        "pull": READ,
        "tools": READ,
        "plan": READ,
        "wheels": READ,
        "out-sources": WRITE,
        "workspace": WRITE,
    },
    "publish": {
        "request": READ,
        "ca": READ,
        "pull": READ,
        "push": READ,
        "plan": READ,
        "out-wheels": READ,
        "out-sources": READ,
    },
}
"""The volumes of each step; those that a build does not have are left out."""

_PATHS = {
    "pull": "/kaniko/.docker",
    "out-wheels": "/kaniko/out",
    "out-sources": "/kaniko/out",
    "workspace": "/workspace",
    "tools": "/kaniko/falapp",
}
"""Where volumes are that are not at /kaniko/<name>; Kaniko's snapshots leave out all of /kaniko."""

_PATHS_IN_PUBLISH = {"out-wheels": "/kaniko/out/wheels", "out-sources": "/kaniko/out/sources"}

SCRATCH = ("tools", "lock", "plan", "wheels", "out-wheels", "out-sources", "workspace")
"""The volumes that begin empty, and end with the pod."""


def is_seen(volume: str, steps: Iterable[Object]) -> bool:
    """Return whether steps mount a volume; one that begins empty needs a step that fills it."""
    modes = {MOUNTS[step["name"]].get(volume) for step in steps}
    return WRITE in modes or (READ in modes and volume not in SCRATCH)


def of(step: str, volumes: frozenset[str]) -> list[Object]:
    """Return the mounts of a step, of those ``volumes`` that the pod has."""
    paths = _PATHS | (_PATHS_IN_PUBLISH if step == "publish" else {})
    return [
        _mount(volume, paths.get(volume, f"/kaniko/{volume}"), read_only)
        for volume, read_only in MOUNTS[step].items()
        if volume in volumes
    ]


def _mount(volume: str, path: str, read_only: bool) -> Object:
    mount: Object = {"name": volume, "mountPath": path}
    return mount | {"readOnly": True} if read_only else mount

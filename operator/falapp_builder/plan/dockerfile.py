"""The two Dockerfiles of a build: the wheels', and the sources', whose packages run code.

Nothing that a user wrote is in them, save the base image's name, which must have the form that
names of images have. They have no COPY, since everything that a RUN reads is mounted below
/kaniko, which Kaniko's snapshots leave out.
"""

import re
from collections.abc import Iterable, Sequence

from falapp_builder.pod.failure import Failure, Reason

VENV = "RUN python3 -m venv --without-pip --system-site-packages /opt/env"
"""How the environment begins, empty; what an own base image has installed is seen through it."""

NOTHING = 'FROM scratch\nLABEL falapp.dev/built="nothing"\n'
"""There is nothing to build, and Kaniko must build something."""

_PINNED = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?"  # the registry
    r"(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+"  # the repository
    r"@sha256:[0-9a-f]{64}"
)
_IDENTITY = re.compile(r"[0-9a-f]{16}")
_ROOT = frozenset({"", "0", "0:0", "root", "root:root"})


def wheels(pinned: str, user: str, missing: Sequence[str]) -> str:
    """Return the Dockerfile that builds the missing groups of wheels, each in a RUN.

    Args:
        pinned: The base image with its digest.
        user: Whom the base image's commands run as.
        missing: The groups, the venv's not among them.
    """
    return _text(pinned, user, ([identity] for identity in missing))


def sources(pinned: str, user: str, seen: Sequence[str], group: str) -> str:
    """Return the Dockerfile that builds the sources.

    Args:
        pinned: The base image with its digest.
        user: Whom the base image's commands run as.
        seen: The groups of wheels that the sources see while they are built.
        group: The sources' group.
    """
    return _text(pinned, user, [*([seen] if seen else []), [group]])


def _text(pinned: str, user: str, runs: Iterable[Sequence[str]]) -> str:
    if not _PINNED.fullmatch(pinned):
        message = f"base image {pinned!r:.200} is no name of an image with a digest"
        raise Failure(Reason.BASE_IMAGE_UNUSABLE, f"{message}: write registry.example/name:tag")
    lines = [f"FROM {pinned}", *(["USER root"] if user not in _ROOT else []), VENV]
    for identities in runs:
        if not all(_IDENTITY.fullmatch(identity) for identity in identities):
            message = f"{identities!r} is no name of a group"
            raise ValueError(message)
        # -B: what Python compiles of itself is no part of a layer.
        lines.append(f"RUN python3 -B /kaniko/falapp/install.py {' '.join(identities)}")
    return "\n".join(lines) + "\n"

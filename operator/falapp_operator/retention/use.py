"""What the cluster uses of the registry. Pure.

It errs on the side of keeping: whatever looks like a digest anywhere in an object counts as used.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from falapp_operator.api.objects import Object

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Use:
    """What is used: nothing of it may be deleted."""

    environments: frozenset[str] = field(default_factory=frozenset)
    """The names of all Environments. A tag begins with the name of its own, whatever its spec."""
    digests: frozenset[str] = field(default_factory=frozenset)
    """The digests that Environments, runners and what could make runners again name."""
    images: frozenset[str] = field(default_factory=frozenset)
    """Those of them that are named as the repository's."""

    def __or__(self, other: "Use") -> "Use":
        return Use(
            environments=self.environments | other.environments,
            digests=self.digests | other.digests,
            images=self.images | other.images,
        )


def of(objects: Iterable[Object], repository: str) -> Use:
    """Return what Environments, pods, and objects with a template of pods use."""
    ours = re.compile(rf"{re.escape(repository)}@({_DIGEST.pattern})")
    names, digests, images = set(), set(), set()
    for obj in objects:
        if obj["kind"] == "Environment":
            names.add(obj["metadata"]["name"])
        text = json.dumps(obj)
        digests.update(_DIGEST.findall(text))
        images.update(ours.findall(text))
    return Use(environments=frozenset(names), digests=frozenset(digests), images=frozenset(images))

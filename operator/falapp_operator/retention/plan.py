"""What may go from the registry. Pure: what is there, what is used, and when it was seen unused.

A registry deletes manifests, by digest, and with one go all tags that name it. So what is decided
upon is a digest: it goes if every one of its tags is ours and has been unused for long enough.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from falapp_operator.retention.use import Use

_IMAGE = re.compile(r"env-[0-9a-f]{64}")
_RECORD = re.compile(r"lock-env-[0-9a-f]{64}")
_LAYER = re.compile(r"layer-[0-9a-f]{64}|cache-[0-9a-f]{32}-[0-9a-f]{64}")
_NAME = len("env-") + 16
_MOST = 5000
"""How many unused tags are remembered; a ConfigMap holds about twice as many."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A manifest of the repository under one of its tags."""

    tag: str
    """The tag; empty for one that was found by its digest alone."""
    digest: str
    parts: frozenset[str] = field(default_factory=frozenset)
    """The digests of its layers; of an index, those of its manifests."""

    @property
    def is_image(self) -> bool:
        """Whether it is called as environments are, those of a Dockerfile alone included."""
        return _IMAGE.fullmatch(self.tag) is not None

    @property
    def is_record(self) -> bool:
        """Whether it is called as an environment's lock and bill of materials are."""
        return _RECORD.fullmatch(self.tag) is not None

    @property
    def is_layer(self) -> bool:
        """Whether it is called as a group's layer is, or one that was kept of a Dockerfile."""
        return _LAYER.fullmatch(self.tag) is not None

    @property
    def is_ours(self) -> bool:
        """Whether it is called as what we push is; everything else is somebody else's."""
        return self.is_image or self.is_record or self.is_layer


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """One manifest that goes, with all its tags."""

    digest: str
    tags: tuple[str, ...]

    @property
    def environments(self) -> frozenset[str]:
        """The names of the Environments that would use it if they existed."""
        found = (tag.removeprefix("lock-")[:_NAME] for tag in self.tags)
        return frozenset(name for name in found if name.startswith("env-"))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What goes, and what to remember."""

    images: tuple[Deletion, ...]
    """Environments and what was recorded of them."""
    layers: tuple[Deletion, ...]
    """Layers that none of the images which remain has."""
    unused: Mapping[str, datetime]
    """The tags that are not used, those that go included, and since when."""
    used: int
    """How many tags are used, or not ours."""


def plan(
    stored: Sequence[Stored],
    use: Use,
    unused: Mapping[str, datetime],
    now: datetime,
    after: timedelta,
) -> Plan:
    """Return what goes.

    Args:
        stored: What is in the repository, under each of its tags.
        use: What is used.
        unused: What was not used when somebody last looked, by tag, and since when.
        now: The time.
        after: How long something must have been unused.
    """
    used = _used(stored, use)
    since = {s.tag: min(unused.get(s.tag, now), now) for s in stored if s.tag and s.tag not in used}
    oldest = sorted(since, key=lambda tag: (since[tag], tag))[:_MOST]
    since = {tag: since[tag] for tag in oldest}
    due = {tag for tag, moment in since.items() if now - moment >= after}
    # What shares its manifest with something that stays cannot go: it would take that along.
    staying = {s.digest for s in stored if s.tag not in due}
    staying |= use.digests | _two_faced(stored)
    going = [s for s in stored if s.digest not in staying]
    images = [s for s in going if not s.is_layer]
    gone = {s.digest for s in images}
    needed = _parts(s for s in stored if not s.is_layer and s.digest not in gone)
    layers = (s for s in going if s.is_layer and s.digest not in needed)
    return Plan(
        images=_deletions(images),
        layers=_deletions(s for s in layers if not s.parts & needed),
        unused=since,
        used=sum(1 for s in stored if s.tag and s.tag in used),
    )


def _two_faced(stored: Sequence[Stored]) -> set[str]:
    """Return the digests that are tagged as layers and as something else: we never did that."""
    layers = {s.digest for s in stored if s.is_layer}
    return layers & {s.digest for s in stored if not s.is_layer}


def _used(stored: Sequence[Stored], use: Use) -> frozenset[str]:
    """Return the tags that are used: by the cluster, by what it uses, or by somebody else."""
    foreign = [s for s in stored if not s.is_ours]
    digests = use.digests | _parts(foreign)
    images = [s for s in stored if s.is_image and _is_used(s, use, digests)]
    names = use.environments | {s.tag[:_NAME] for s in images}
    records = (s for s in stored if s.is_record and s.tag.removeprefix("lock-")[:_NAME] in names)
    parts = _parts([*images, *foreign])
    layers = (s for s in stored if s.is_layer and (s.parts & parts or s.digest in digests))
    return frozenset(s.tag for s in (*foreign, *images, *records, *layers))


def _is_used(image: Stored, use: Use, digests: frozenset[str]) -> bool:
    return image.tag[:_NAME] in use.environments or image.digest in digests


def _parts(stored: Iterable[Stored]) -> frozenset[str]:
    return frozenset(part for each in stored for part in each.parts)


def _deletions(stored: Iterable[Stored]) -> tuple[Deletion, ...]:
    tags: dict[str, list[str]] = {}
    for each in stored:
        tags.setdefault(each.digest, []).append(each.tag)
    return tuple(Deletion(digest=digest, tags=tuple(sorted(t))) for digest, t in tags.items())

"""One run: gather, decide (`plan`), and delete what is still not used when its turn comes.

The order matters. Tags are listed before what is used: whatever was pushed by then belongs to an
Environment that was there by then. And right before an image goes, its Environment is looked for
once more. What is left of the race (an app comes between that look and the deletion) ends well, for
the operator notices an image that vanished, and has it built again.
"""

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from falapp_operator.api import meta
from falapp_operator.api.objects import Object, Ref
from falapp_operator.cluster.client import Client
from falapp_operator.cluster.repository import Repository
from falapp_operator.retention import use as uses
from falapp_operator.retention.plan import Deletion, Plan, Stored, plan
from falapp_operator.retention.use import Use

_log = logging.getLogger(__name__)

_KEY = "unused.json"
_AT_ONCE = 8
_USERS = (
    (meta.API_VERSION, "Environment"),
    ("v1", "Pod"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
)
"""What names images. A ReplicaSet without pods counts: `kubectl rollout undo` makes some of it."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a run is to do."""

    after: timedelta
    """How long something must have been unused."""
    namespace: str
    """Where the ConfigMap is that remembers what is unused."""
    name: str
    """What it is called."""


async def sweep(cluster: Client, repository: Repository, asked: Asked, now: datetime) -> int:
    """Delete what has been unused for long enough; return how many tags went.

    Raises:
        FalappError: Somebody did not answer, or refused. What is not deleted goes next time.
    """
    stored = await _stored(repository, await repository.tags())
    use = await _use(cluster, repository.name)
    # Images that runners still have by their digest, and whose tag names a newer one. No other
    # digest is asked for: one of a configuration is answered with 500 by Docker's registry.
    bare = use.images - {s.digest for s in stored}
    stored = [*stored, *await _by_digest(repository, bare)]
    memory = Ref(api_version="v1", kind="ConfigMap", namespace=asked.namespace, name=asked.name)
    live = await cluster.get(memory)
    before = remembered(live)
    made = plan(stored, use, before, now, asked.after)
    if made.unused != before:
        await cluster.apply(_memory(memory, made.unused))
    gone = await _delete(cluster, repository, made, use)
    _log.info(
        "%d tags are used, %d were not, %d of these were deleted, each unused since %s or longer",
        made.used,
        len(made.unused),
        gone,
        (now - asked.after).isoformat(),
    )
    return gone


def remembered(live: Object | None) -> dict[str, datetime]:
    """Return since when tags are unused; what cannot be read begins anew."""
    try:
        told = json.loads(((live or {}).get("data") or {}).get(_KEY, "{}"))
        return {tag: datetime.fromisoformat(f"{since}Z") for tag, since in told.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _memory(where: Ref, unused: Mapping[str, datetime]) -> Object:
    told = {tag: f"{since:%Y-%m-%dT%H:%M:%S}" for tag, since in sorted(unused.items())}
    return {
        "apiVersion": where.api_version,
        "kind": where.kind,
        "metadata": {"name": where.name, "namespace": where.namespace},
        "data": {_KEY: json.dumps(told, indent=0)},
    }


async def _use(cluster: Client, repository: str) -> Use:
    found = Use()
    for api_version, kind in _USERS:
        async for page in cluster.pages(api_version, kind):
            found |= uses.of(page, repository)
    return found


async def _stored(repository: Repository, tags: Iterable[str]) -> list[Stored]:
    return [s for s in await _looked_up(repository, [(tag, tag) for tag in tags]) if s]


async def _by_digest(repository: Repository, digests: Iterable[str]) -> list[Stored]:
    """Return those that are still there."""
    return [s for s in await _looked_up(repository, [("", d) for d in sorted(digests)]) if s]


async def _looked_up(
    repository: Repository, targets: Iterable[tuple[str, str]]
) -> list[Stored | None]:
    limit = asyncio.Semaphore(_AT_ONCE)

    async def look(tag: str, target: str) -> Stored | None:
        async with limit:
            found = await repository.manifest(target)
        return Stored(tag=tag, digest=found.digest, parts=found.parts) if found else None

    return list(await asyncio.gather(*(look(tag, target) for tag, target in targets)))


async def _delete(cluster: Client, repository: Repository, made: Plan, use: Use) -> int:
    gone = 0
    for deletion in made.images:
        if await _is_used_again(cluster, deletion):
            _log.info("%s is used again", " ".join(deletion.tags))
            continue
        gone += await _gone(repository, deletion)
    if made.layers and not await _names(cluster) <= use.environments:
        # It may be built from them right now; without them it would be, too, but not as fast.
        _log.info("an Environment was made meanwhile, so no layer is deleted this time")
        return gone
    for deletion in made.layers:
        gone += await _gone(repository, deletion)
    return gone


async def _gone(repository: Repository, deletion: Deletion) -> int:
    await repository.delete(deletion.digest)
    _log.info("deleted %s: %s", deletion.digest, " ".join(deletion.tags))
    return len(deletion.tags)


async def _is_used_again(cluster: Client, deletion: Deletion) -> bool:
    for name in deletion.environments:
        found = await cluster.list(meta.API_VERSION, "Environment", fields=f"metadata.name={name}")
        if found:
            return True
    return False


async def _names(cluster: Client) -> set[str]:
    names: set[str] = set()
    async for page in cluster.pages(meta.API_VERSION, "Environment"):
        names |= {environment["metadata"]["name"] for environment in page}
    return names

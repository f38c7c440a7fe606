"""Which layers the registry has: each group's stands under a tag that is the group's hash."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from falapp_builder.network.registry import Registry
from falapp_builder.plan.hashes import Group
from falapp_builder.pod.planned import DIFF_ID

_AT_ONCE = 4


def known(registry: Registry, groups: Iterable[Group]) -> list[dict[str, Any] | None]:
    """Return the layer of each group as plan.json has it, None for one that must be built."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda group: _known(registry, group), groups))


def _known(registry: Registry, group: Group) -> dict[str, Any] | None:
    answer = registry.manifest(group.tag)
    layer = _layer(answer.content) if answer else None
    # A manifest may outlive its layer, where somebody cleans up.
    return layer if layer and registry.has(layer["digest"]) else None


def _layer(manifest: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(manifest)
        (layer,) = data["layers"]
        return {
            "digest": str(layer["digest"]),
            "size": int(layer["size"]),
            "mediaType": str(layer["mediaType"]),
            "diffId": str(data["annotations"][DIFF_ID]),
        }
    except (ValueError, KeyError, TypeError):
        return None

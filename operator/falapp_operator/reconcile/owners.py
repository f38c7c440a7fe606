"""Whom an event of an Environment concerns.

Each app that claims one changes who owns it, which is no news to its other owners: with hundreds of
them, every further app would have all of them looked at. They read everything else of it.
"""

from falapp_operator.api import meta
from falapp_operator.api.objects import Object, fingerprint, owner_uids

_OF_CLAIMS = {"ownerReferences", "resourceVersion", "managedFields"}
"""What of metadata every claim changes, besides the stamp."""


class Owners:
    """What events told of Environments, and to whom."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[str, frozenset[str]]] = {}

    def news(self, obj: Object, event: str | None) -> tuple[bool, tuple[Object, ...]]:
        """Return whether more changed than who owns an Environment, and the owners to wake.

        Who came to own it is among them, too: its claim may be of what the Environment was before
        the last event, which told others alone.

        Args:
            obj: The Environment.
            event: What happened to it, as kopf says it; None for what was there before we watched.
        """
        metadata = obj["metadata"]
        owners, uid = tuple(metadata.get("ownerReferences", ())), metadata["uid"]
        was, known = self._told.pop(uid, ("", frozenset()))
        if event == "DELETED":
            return True, owners
        now = _print(obj)
        self._told[uid] = now, owner_uids(obj)
        if event is None or now != was:
            return True, owners
        return False, tuple(owner for owner in owners if owner["uid"] not in known)


def _print(obj: Object) -> str:
    metadata = {k: v for k, v in obj["metadata"].items() if k not in _OF_CLAIMS}
    annotations = dict(metadata.get("annotations", {}))
    annotations.pop(meta.ANNOTATION_APPLIED, None)
    return fingerprint(obj | {"metadata": metadata | {"annotations": annotations}})

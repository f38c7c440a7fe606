"""A cluster that is not there: what the operator would find, for its own code to look at."""

from typing import Protocol

from falapp_operator.api import meta
from falapp_operator.api.objects import Object, Ref, ref
from falapp_operator.settings import Settings


class Cluster(Protocol):
    """As much of a cluster as the operator's gathering needs."""

    def get(self, where: Ref) -> Object | None:
        """Return an object, or None."""

    def list(self, api_version: str, kind: str, namespace: str, labels: str) -> tuple[Object, ...]:
        """Return the objects of a kind."""


class World:
    """Objects that are foreseen, before those that are live, before machine types of the settings.

    It stands in for the operator's client, of which gathering asks `get` and `list`.
    """

    def __init__(self, settings: Settings, live: Cluster | None = None) -> None:
        self._live = live
        self._foreseen: dict[Ref, Object] = {}
        self._machines = {} if live else dict(_machines(settings))

    @property
    def is_live(self) -> bool:
        """Whether there is a cluster."""
        return self._live is not None

    def put(self, obj: Object) -> None:
        """Have an object, in place of a live one."""
        self._foreseen[ref(obj)] = obj

    def live(self, where: Ref) -> Object | None:
        """Return what the cluster has, if there is one."""
        return self._live.get(where) if self._live else None

    async def get(self, where: Ref) -> Object | None:
        """Return an object, or None."""
        return self._foreseen.get(where) or self._machines.get(where) or self.live(where)

    async def list(
        self,
        api_version: str,
        kind: str,
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
    ) -> tuple[Object, ...]:
        """Return the objects of a kind."""
        found = {**self._machines}
        if self._live:
            found |= {ref(o): o for o in self._live.list(api_version, kind, namespace, labels)}
        found |= self._foreseen
        wanted = dict(pair.split("=") for pair in labels.split(",") if pair)
        return tuple(
            o
            for where, o in found.items()
            if (where.api_version, where.kind) == (api_version, kind)
            and namespace in ("", where.namespace)
            and wanted.items() <= o["metadata"].get("labels", {}).items()
        )


def _machines(settings: Settings) -> list[tuple[Ref, Object]]:
    made = []
    for name, spec in settings.machine_types.items():
        obj = {
            "apiVersion": meta.API_VERSION,
            "kind": "MachineType",
            "metadata": {"name": name.lower(), "uid": f"foreseen-{name.lower()}"},
            "spec": settings.pytorch.applied(spec).to_object(),
        }
        made.append((ref(obj), obj))
    return made

"""The API server in memory, with Events, and with an eye on every status that is written."""

import copy

from tests.status.agreement import disagreements
from tests.unit.reconcile import fake


class Cluster(fake.Cluster):
    """It takes no status that the table of reasons does not allow."""

    def __init__(self, *objects):
        super().__init__(*objects)
        self.events = {}
        """What was told, by name; no Event is an object that the operator ever reads."""

    async def tell(self, event):
        self.writes.append(f"tell {event['reason']} {event['involvedObject']['name']}")
        self._fail("tell", "Event")
        self.events.setdefault(event["metadata"]["name"], copy.deepcopy(event))

    async def apply_status(self, where, status, *, version=""):
        if "conditions" in status:  # a MachineType has none
            assert list(disagreements(where.kind, status)) == []
        return await super().apply_status(where, status, version=version)

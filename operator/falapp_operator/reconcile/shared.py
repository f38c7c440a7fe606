"""What the passes of one process share; losing it at a restart costs a few looks, no more."""

import asyncio

from falapp_operator.reconcile.choices import Choices
from falapp_operator.reconcile.commits import Commits
from falapp_operator.reconcile.doubts import Doubts
from falapp_operator.reconcile.guests import Guests
from falapp_operator.reconcile.nodes import Nodes
from falapp_operator.reconcile.roll import Roll
from falapp_operator.reconcile.turns import Line


class Shared:
    """A lock, and hints whom to look at."""

    def __init__(self) -> None:
        self.starting = asyncio.Lock()
        """Held from counting the builds until one more has all that it needs: no two passes count
        alike, or give a Job two requests."""
        self.claiming = asyncio.Lock()
        """Held while an Environment is made, so that no app's claim overwrites another's."""
        self.line = Line()
        """Who waits for a build to end."""
        self.roll = Roll()
        """Who is before whom; used while `starting` is held."""
        self.doubts = Doubts()
        """Whose image a node cannot pull."""
        self.guests = Guests()
        """Who uses an Environment that a user made."""
        self.commits = Commits()
        """What branches and tags are now."""
        self.nodes = Nodes()
        """The cluster's nodes."""
        self.choices = Choices()
        """Who is to hear of a change of a machine type."""
        self.machines: dict[str, tuple[str, int] | None] = {}
        """By name, the uid and the generation of the machine types whose apps were woken."""

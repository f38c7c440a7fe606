"""Whatever a FalApp was before: only what it is now counts, and of what is deleted nothing stays.

A machine of random edits, restarts and half-made passes. Its oracles are Acto's (SOSP'23): A→B is
what a fresh B is, what was bad recovers, a deletion leaves nothing.
"""

import asyncio
import copy

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from falapp_operator.api import meta
from falapp_operator.api.objects import annotation
from falapp_operator.reconcile.context import FALAPP
from tests.faults.state import difference
from tests.unit import samples
from tests.unit.reconcile.conftest import World
from tests.unit.reconcile.nodes import BROKEN, settle
from tests.unit.workloads import SICK

GOOD = {
    "requirements": [["requests==2.32.3"], ["numpy==2"], [], None],
    "source": [{"inline": {"app.py": samples.CODE + tail}} for tail in ("", "# more\n")],
    "machineType": ["S", "gpu", None],
    "replicas": [0, 1, 3],
    "env": [None, [{"name": "A", "value": "1"}], [{"name": "B", "value": ""}]],
    "maxMultiplexing": [None, 4],
    "startupTimeout": [None, "20m"],
    "terminationGracePeriod": [None, "90s"],
}
BAD = {
    "requirements": [[BROKEN], ["--no-such-option"]],
    "machineType": ["none-such"],
    "pythonVersion": ["3.9"],
    "entrypoint": ["other.py::Hello"],
}
_VOLATILE = {"uid", "resourceVersion", "generation", "observedGeneration", "creationTimestamp"}
_VOLATILE |= {"lastTransitionTime", "buildSeconds", meta.ANNOTATION_APPLIED}
_VOLATILE |= {"latestReadyRevision"}  # it is about what was before
_HOW = {"Built", "FoundInRegistry"}
"""Reasons that tell how an Environment came by its image: that does differ with what was before."""


def edits(choices):
    """Choose a field and a value for it."""
    pairs = [(field, value) for field, values in choices.items() for value in values]
    return st.sampled_from(pairs)


class Edits(RuleBasedStateMachine):
    """Somebody edits a FalApp, and everything around it goes on or ends at any moment."""

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.world = new_world()
        self.spec = {}
        self.apply(samples.app_spec())

    def teardown(self):
        self.runner.close()

    def apply(self, spec):
        self.spec = {field: value for field, value in spec.items() if value is not None}
        if FALAPP in {ref.kind for ref in self.world.cluster.objects}:
            self.world.cluster.change(FALAPP, spec=self.spec)
        else:
            self.world.cluster.put(samples.app() | {"spec": self.spec})

    @rule(change=edits(GOOD))
    def edit(self, change):
        self.apply(self.spec | dict([change]))

    @rule(change=edits(BAD))
    def spoil(self, change):
        self.apply(self.spec | dict([change]))

    @rule()
    def restart(self):
        self.world.restart()

    @rule()
    def pass_over_the_app(self):
        self.runner.run(self.world.reconcile_app())

    @rule(rounds=st.integers(1, 3))
    def go_on_for_a_while(self, rounds):
        try:
            self.runner.run(settle(self.world, passes=rounds))
        except AssertionError:
            return

    @precondition(lambda self: self.is_bad())
    @rule()
    def what_is_bad_is_told_and_the_old_serves(self):
        before = self.world.cluster.find("Deployment")
        self.runner.run(settle(self.world))
        stalled = self.world.status()["conditions"]["Stalled"]
        assert stalled["status"] == "True", stalled
        assert self.world.cluster.find("Deployment") == before

    @rule()
    def mend(self):
        self.apply(samples.app_spec())
        self.comes_to_what_a_fresh_one_is()

    @rule()
    def break_setup(self):
        self.apply(self.spec | {"machineType": "gpu", "env": [SICK]})

    @precondition(lambda self: self.spec["replicas"] and not self.is_bad() and not self.is_sick())
    @rule()
    def break_setup_while_it_serves(self):
        self.runner.run(settle(self.world))
        served = self.world.status()["latestReadyRevision"]
        self.break_setup()
        self.what_cannot_start_gives_its_place_back()
        assert self.world.status()["latestReadyRevision"] == served

    @precondition(lambda self: self.is_sick() and self.spec["replicas"] and not self.is_bad())
    @rule()
    def what_cannot_start_gives_its_place_back(self):
        self.runner.run(settle(self.world))
        status = self.world.status()
        stalled, setup = (status["conditions"][c] for c in ("Stalled", "SetupComplete"))
        assert (stalled["status"], stalled["reason"]) == ("True", "SetupFailed"), stalled
        assert setup["reason"] == status["failure"]["reason"] == "SetupFailed"
        assert status["failure"]["logTail"] == "line 9"
        if former := status.get("latestReadyRevision"):
            assert status["readyReplicas"] == self.spec["replicas"]
            pods = [self.world.cluster.find("Pod", n) for n in self.world.cluster.names("Pod")]
            running = {annotation(p, meta.ANNOTATION_REVISION) for p in pods if is_runner(p)}
            assert running == {former}
            assert status["withdrawn"]["revision"] != former

    @precondition(lambda self: not self.is_bad() and not self.is_sick())
    @rule()
    def comes_to_what_a_fresh_one_is(self):
        self.runner.run(settle(self.world))
        ready = self.world.status()["conditions"]["Ready"]
        assert ready["status"] == "True", ready
        if not self.spec["replicas"]:
            # Until it has served once, what served before keeps what it needs.
            spec = self.spec
            for replicas in (1, 0):
                self.apply(spec | {"replicas": replicas})
                self.runner.run(settle(self.world))
        fresh = new_world()
        fresh.cluster.put(samples.app() | {"spec": self.spec})
        self.runner.run(settle(fresh))
        differs = difference(shown(self.world), shown(fresh))
        assert not differs, "\n".join(differs)

    @rule()
    def delete_and_create(self):
        self.world.cluster.remove(FALAPP)
        self.runner.run(settle(self.world))
        kinds = {ref.kind for ref in self.world.cluster.objects}
        assert kinds == {"MachineType"}, sorted(map(str, self.world.cluster.objects))
        self.apply(self.spec)

    def is_bad(self):
        return any(self.spec.get(field) in values for field, values in BAD.items())

    def is_sick(self):
        return SICK in self.spec.get("env", ())


def new_world():
    """Return a world with two machine types."""
    world = World()
    world.cluster.put(samples.machine_type("gpu", **samples.GPU))
    return world


def is_runner(pod):
    """Return whether a pod is of an app, and not of a build."""
    return meta.LABEL_APP in pod["metadata"]["labels"]


def shown(world):
    """Return what is there, without what differs from run to run."""
    return {
        str(ref): _settled(obj)
        for ref, obj in copy.deepcopy(world.cluster.objects).items()
        # Nothing is built that the registry has, and what served before is kept for a while.
        if ref.namespace != samples.BUILDS and ref.kind != "ReplicaSet"
    }


def _settled(value):
    if isinstance(value, dict):
        made = {k: _settled(v) for k, v in value.items() if k not in _VOLATILE}
        if made.get("reason") in _HOW:
            made |= {"reason": "how", "message": ""}
        return made
    return [_settled(v) for v in value] if isinstance(value, list) else value


TestEdits = Edits.TestCase
TestEdits.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)

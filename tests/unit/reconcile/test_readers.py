"""kstatus, Argo CD and `kubectl wait` come to the right answer in every state.

The states are those that the pure code makes of a snapshot, and those in tests/status/recorded,
which were taken from real API servers.
"""

from pathlib import Path

import pytest
import yaml

from falapp_operator.api import conditions, meta
from falapp_operator.api.conditions import ConditionType, Reason
from falapp_operator.api.environment import EnvironmentBuildStatus
from falapp_operator.cluster.registry import Image
from falapp_operator.environment.outcome import Outcome, Phase
from falapp_operator.errors import UserError
from falapp_operator.reconcile import status as statuses
from falapp_operator.reconcile import verdict
from tests.status import readers
from tests.status.agreement import disagreements
from tests.unit import samples
from tests.unit.reconcile.test_status import SITUATIONS, status_of

RECORDED = Path(readers.__file__).parent / "recorded"
ANSWERS = {
    "Current": ("Current", "Healthy", True),
    "InProgress": ("InProgress", "Progressing", False),
    "Failed": ("Failed", "Degraded", False),
    "Suspended": ("Current", "Suspended", True),
}
"""What kstatus, Argo CD and `kubectl wait` are to say, by one word."""

APPS = {
    "Current": {"ready", "scaled to zero"},
    "Suspended": {"withdrawn and suspended"},
    "Failed": {
        "build failed", "build failed while old serves", "setup failed", "out of memory",
        "a Secret is missing", "unknown machine type", "unknown machine type while old serves",
        "withdrawn", "withdrawn, and the former one starts",
    },
    "InProgress": {
        "just created", "environment pending", "building", "building while old serves",
        "building after a crash", "build is tried again", "built", "setup runs",
        "setup runs while old serves", "one of two is ready", "old is going", "no node",
        "one that serves is not ready for a moment",
        "one of two is not ready for a moment, the other starts",
    },
}  # fmt: skip
NEW = EnvironmentBuildStatus(attempts=1)
WRONG = UserError(Reason.SECRET_NOT_FOUND, "there is no Secret 'hf'")
DONE = Outcome(phase=Phase.SUCCEEDED, reason=Reason.BUILT, seconds=48)
IMAGE = Image(reference=samples.IMAGE, packages=5)


def broken(reason, *, stalled):
    outcome = Outcome(phase=Phase.FAILED, reason=reason, message="why")
    return verdict.failed(NEW, outcome, command="kubectl logs", stalled=stalled)


ENVIRONMENTS = {
    "found": ("Current", verdict.found(NEW, IMAGE)),
    "built": ("Current", verdict.built(NEW, IMAGE, DONE)),
    "building": ("InProgress", verdict.building(NEW, "installing wheels")),
    "queued": ("InProgress", verdict.queued(NEW, 2, 3)),
    "waits for its base": ("InProgress", verdict.waiting(NEW, "env-1", EnvironmentBuildStatus())),
    "name taken": ("InProgress", verdict.name_taken(NEW, "env-1", samples.BUILDS)),
    "registry does not answer": ("InProgress", verdict.unreachable(NEW, "no answer")),
    "refused": ("InProgress", verdict.refused(NEW, "quota")),
    "is tried again": ("InProgress", broken(Reason.INDEX_UNREACHABLE, stalled=False)),
    "is not tried again": ("Failed", broken(Reason.PUSH_DENIED, stalled=True)),
    "package not found": ("Failed", broken(Reason.PACKAGE_NOT_FOUND, stalled=True)),
    "Secret missing": ("Failed", verdict.blocked(NEW, WRONG)),
}


def stamped(kind, status, generation=1):
    """Return an object as the API server has it after a pass."""
    merged = conditions.merged((), status.conditions, generation, samples.at())
    update = {"conditions": merged, "observed_generation": generation}
    return {
        "apiVersion": meta.API_VERSION,
        "kind": kind,
        "metadata": samples.metadata("hello", generation=generation),
        "status": status.model_copy(update=update).to_object(),
    }


def answers(obj):
    return (readers.kstatus(obj), readers.Argo().health(obj), readers.is_met(obj))


def test_every_situation_has_an_answer():
    listed = [name for names in APPS.values() for name in names]
    assert sorted(listed) == sorted(SITUATIONS)


@pytest.mark.parametrize(
    ("word", "name"), [(w, n) for w, names in APPS.items() for n in sorted(names)]
)
def test_apps(word, name):
    obj = stamped("FalApp", status_of(SITUATIONS[name][0]))
    assert answers(obj) == ANSWERS[word]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environments(name):
    word, status = ENVIRONMENTS[name]
    obj = stamped("Environment", status)
    assert answers(obj) == ANSWERS[word]
    assert list(disagreements("Environment", obj["status"])) == []


def test_a_spec_that_cannot_be_read():
    status = statuses.invalid(samples.app(), UserError(Reason.INVALID_SPEC, "spec.x: why"), ())
    assert answers(stamped("FalApp", status)) == ANSWERS["Failed"]


def test_an_app_that_was_suspended():
    ready = conditions.condition(ConditionType.READY, True, "Suspended", "spec.suspend is true")
    stalled = conditions.condition(ConditionType.STALLED, False, Reason.PROGRESSING)
    status = EnvironmentBuildStatus(conditions=(ready, stalled))
    assert answers(stamped("FalApp", status)) == ANSWERS["Suspended"]


@pytest.mark.parametrize("kind", ["FalApp", "Environment"])
@pytest.mark.parametrize("name", ["ready", "build failed"])
def test_a_changed_spec_that_nobody_has_looked_at(kind, name):
    obj = stamped(kind, status_of(SITUATIONS[name][0]))
    obj["metadata"]["generation"] = 2
    assert answers(obj) == ANSWERS["InProgress"]


@pytest.mark.parametrize("kind", ["FalApp", "Environment"])
def test_a_new_object_that_nobody_has_looked_at(kind):
    """By the definition's default; kstatus calls one without any status Current."""
    obj = samples.app() | {"kind": kind}
    obj["metadata"]["generation"] = 1
    assert readers.kstatus(obj) == "Current"
    assert answers(obj | {"status": {"observedGeneration": -1}}) == ANSWERS["InProgress"]


def test_an_app_on_its_way_out():
    obj = stamped("FalApp", status_of(SITUATIONS["ready"][0]))
    obj["metadata"]["deletionTimestamp"] = samples.at()
    assert readers.kstatus(obj) == "Terminating"


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.yaml")), ids=lambda path: path.stem)
def test_what_a_real_api_server_had(path):
    """Each file has what the real `kubectl wait` said, too."""
    recorded = yaml.safe_load(path.read_text())
    obj = recorded["object"]
    assert answers(obj) == ANSWERS[recorded["answer"]]
    assert readers.is_met(obj) == recorded["kubectlWaitIsMet"]
    if "conditions" in obj["status"]:
        assert list(disagreements(obj["kind"], obj["status"])) == []

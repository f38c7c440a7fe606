"""The table of reasons: used, documented, and what the pure code says agrees with it."""

import ast
import dataclasses
import json
from pathlib import Path

import pytest

from falapp_builder.pod import failure as builder
from falapp_operator.api import conditions, glossary
from falapp_operator.api.conditions import ConditionType, Reason, condition
from falapp_operator.api.environment import EnvironmentBuildStatus
from falapp_operator.api.reasons import Nature, Place
from falapp_operator.environment.outcome import Outcome, Phase
from falapp_operator.errors import UserError
from falapp_operator.reconcile import builds, verdict
from falapp_operator.reconcile import status as statuses
from falapp_operator.reconcile.plan import plan
from falapp_operator.runner import ended
from falapp_runner import contract
from tests.status.agreement import disagreements
from tests.unit import samples, workloads
from tests.unit.reconcile.snapshots import SETTINGS, seen, served

OPERATOR = Path(conditions.__file__).parents[1]
BUILDER = Path(builder.__file__).parents[1]
FAILED = (Nature.HEALS, Nature.LIMITED, Nature.MEND)
BUILDS = [r for r in Reason if Place.BUILD in r.place and r.building in FAILED]
OF_STARTS = {Reason.NAME_TAKEN, Reason.REFUSED, Reason.SECRET_NOT_FOUND, Reason.INVALID_SPEC}
"""What keeps a build from being started; no build ends so."""
OF_PODS = {Reason.RUNNER_UNREADY, Reason.WAITING_FOR_CAPACITY, Reason.WORKER_LOST}
"""What no spec is the reason of."""


def named(folder):
    """Return which members of a Reason the code in a folder names."""
    return {
        node.attr
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Reason"
    }


def test_every_reason_is_used():
    given = {Reason(builder.Reason[name]).name for name in named(BUILDER)}
    assert {r.name for r in Reason} - named(OPERATOR) - given == set()


def test_every_reason_has_a_sentence_and_a_place():
    texts = glossary.sentences()
    assert list(texts) == [r.name for r in Reason]
    assert [name for name, text in texts.items() if not text.endswith(".")] == []
    assert [r for r in Reason if not glossary.stands(r)] == []


def test_who_has_to_act_is_told_how():
    """What happened is the first sentence; what to do, or where to see it, comes after it."""
    texts = glossary.sentences()
    silent = [r for r in Reason if r.nature is Nature.MEND and ". " not in texts[r.name]]
    assert silent == []


def test_the_page_has_every_reason_once():
    page = glossary.page()
    assert [r for r in Reason if page.count(f"| `{r}` |") != 1] == []


@pytest.mark.parametrize("reason", sorted(ended.BEFORE_READY | ended._REPORTED))
def test_a_runners_reason_is_told_as_the_table_has_it(reason):
    report = json.dumps({"reason": reason, "message": "why"})
    last = workloads.ended(1, message=report)
    crashed = workloads.waiting("runner", "CrashLoopBackOff", last=last)
    snapshot = served(None, workloads.runner_pod(containers=[crashed]))
    found = statuses.status(snapshot, plan(snapshot, SETTINGS)).to_object()
    assert list(disagreements("FalApp", found)) == []
    told = {c["type"]: c for c in found["conditions"]}
    assert told["Ready"]["reason"] == reason
    assert (told["SetupComplete"]["reason"] == reason) == (Place.SETUP in Reason(reason).place)


def test_every_reason_of_a_runner_is_one_that_runners_know():
    words = {value for value in vars(contract).values() if isinstance(value, str)}
    assert {r.value for r in Reason if Place.SETUP in r.place and r.nature is Nature.MEND} <= words


@pytest.mark.parametrize(
    "reason", [r for r in Reason if Place.APP in r.place and r.nature in FAILED]
)
def test_a_specs_reason_is_told_as_the_table_has_it(reason):
    snapshot = seen()
    wrong = dataclasses.replace(plan(snapshot, SETTINGS), error=UserError(reason, "why"))
    if reason in OF_PODS:
        return
    found = statuses.status(snapshot, wrong).to_object()
    assert list(disagreements("FalApp", found)) == []


def failed(reason, attempts):
    """Return what is decided of a build that failed for a reason, so many attempts in."""
    observed = builds.Observed(
        environment=samples.environment(),
        status=EnvironmentBuildStatus(attempts=attempts),
        job=workloads.job("env-x", workloads.failed()),
        outcome=Outcome(phase=Phase.FAILED, reason=reason, message="why"),
        image=None,
        builds_namespace=samples.BUILDS,
    )
    return builds.decide(observed, samples.NOW).status


@pytest.mark.parametrize("reason", [r for r in BUILDS if r not in OF_STARTS])
def test_a_builds_reason_is_told_as_the_table_has_it(reason):
    """Once as a first attempt and once as the last, on the Environment and on its FalApp."""
    for attempts, may_go_on in ((1, (Nature.HEALS, Nature.LIMITED)), (5, (Nature.HEALS,))):
        status = failed(reason, attempts)
        assert verdict.is_stalled(status) == (reason.building not in may_go_on)
        assert list(disagreements("Environment", status.to_object())) == []
        snapshot = seen(environment=status.to_object())
        found = statuses.status(snapshot, plan(snapshot, SETTINGS)).to_object()
        assert list(disagreements("FalApp", found)) == []


@pytest.mark.parametrize(
    ("type_", "status", "reason", "stalled"),
    [
        (ConditionType.READY, True, Reason.SETUP_FAILED, (True, Reason.SETUP_FAILED)),
        (ConditionType.READY, False, Reason.SETUP_FAILED, (False, Reason.PROGRESSING)),
        (ConditionType.READY, False, Reason.STARTING, (True, Reason.SETUP_FAILED)),
        (ConditionType.READY, False, Reason.SETUP_RETURNED, (False, Reason.PROGRESSING)),
        (ConditionType.READY, True, Reason.RUNNERS_READY, (True, Reason.PROGRESSING)),
    ],
)
def test_a_status_that_the_table_has_not_is_noticed(type_, status, reason, stalled):
    made = [condition(type_, status, reason), condition(ConditionType.STALLED, *stalled)]
    assert list(disagreements("FalApp", {"conditions": [c.to_object() for c in made]}))

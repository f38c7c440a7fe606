"""`events.told`: which of two statuses' differences is a transition, and how it is told."""

import copy

import pytest

from falapp_operator.api.conditions import ConditionType, condition, merged
from falapp_operator.reconcile import events
from tests.unit import samples

READY, STALLED = ConditionType.READY, ConditionType.STALLED
PACKAGES, SETUP = ConditionType.ENVIRONMENT_READY, ConditionType.SETUP_COMPLETE
THEN = samples.at(-3600)


def app(*facts, since=THEN, **status):
    """Return a FalApp with conditions, each (type, status, reason) or with a message."""
    made = merged((), [condition(*fact) for fact in facts], 1, since)
    return samples.app(status={"conditions": [c.to_object() for c in made]} | status)


def told(old, new):
    return [
        f"{e['type']} {e['reason']} {e['action']}"
        for e in events.told(old, new, samples.NOW, "operator-1")
    ]


NEW = samples.app()
ASKED = app((READY, False, "EnvironmentNotReady"), (PACKAGES, None, "Pending"))
BUILDING = app((READY, False, "EnvironmentNotReady"), (PACKAGES, False, "Building"))
FAILED = app(
    (READY, False, "PackageNotFound"),
    (PACKAGES, False, "PackageNotFound"),
    (STALLED, True, "PackageNotFound"),
)
STARTING = app((READY, False, "Starting"), (PACKAGES, True, "Built"), (SETUP, None, "NoRunners"))
SETTING_UP = app(
    (READY, False, "Starting"), (PACKAGES, True, "Built"), (SETUP, False, "SetupRunning")
)
SERVING = app(
    (READY, True, "RunnersReady"), (PACKAGES, True, "Built"), (SETUP, True, "SetupReturned")
)
FULL = app(
    (READY, False, "WaitingForCapacity"), (PACKAGES, True, "Built"), (SETUP, False, "SetupRunning")
)
EXPOSED = app(
    (READY, False, "EnvironmentNotReady"),
    (ConditionType.CREDENTIALS_EXPOSED, True, "LiteralCredentials"),
)
STALE = app(
    (READY, True, "RunnersReady"),
    (PACKAGES, True, "Built"),
    (SETUP, True, "SetupReturned"),
    (ConditionType.SOURCE_STALE, True, "AccessDenied"),
)
CRASHED = app(
    (READY, False, "SetupFailed"), (PACKAGES, True, "Built"), (SETUP, False, "SetupFailed")
)
WITHDRAWN = app(
    (READY, False, "SetupFailed"),
    (PACKAGES, True, "Built"),
    (SETUP, False, "SetupFailed"),
    (ConditionType.WITHDRAWN, True, "RolledBack"),
)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (NEW, ASKED, []),
        (NEW, FAILED, ["Warning PackageNotFound Run"]),
        (NEW, EXPOSED, ["Warning LiteralCredentials Check"]),
        (ASKED, BUILDING, ["Normal Building Build"]),
        (BUILDING, FAILED, ["Warning PackageNotFound Run"]),
        (FAILED, BUILDING, ["Normal Building Build"]),
        (BUILDING, STARTING, ["Normal Built Build"]),
        (STARTING, SETTING_UP, ["Normal SetupRunning Start"]),
        (SETTING_UP, SERVING, ["Normal RunnersReady Run"]),
        (SETTING_UP, FULL, ["Warning WaitingForCapacity Run"]),
        (FULL, SETTING_UP, ["Normal Starting Run"]),
        (SERVING, SETTING_UP, ["Normal SetupRunning Start"]),
        (SERVING, ASKED, []),
        (SERVING, STALE, ["Warning AccessDenied Fetch"]),
        (STALE, SERVING, []),
        (SERVING, SERVING, []),
        (CRASHED, WITHDRAWN, ["Warning RolledBack RollBack"]),
        (SETTING_UP, WITHDRAWN, ["Warning SetupFailed Run", "Warning RolledBack RollBack"]),
        (WITHDRAWN, WITHDRAWN, []),
        (WITHDRAWN, SETTING_UP, ["Normal SetupRunning Start"]),
    ],
)
def test_a_transition_is_told_once_by_what_tells_most(old, new, expected):
    assert told(old, new) == expected


def test_another_message_is_no_transition():
    changed = app(
        (READY, True, "RunnersReady", "9 of 9 runners are ready"),
        (PACKAGES, True, "Built"),
        (SETUP, True, "SetupReturned"),
    )
    assert told(SERVING, changed) == []


def test_the_event_is_one_that_the_api_server_takes():
    (event,) = events.told(SETTING_UP, SERVING, samples.NOW, "operator-1")
    assert event["involvedObject"] == {
        "apiVersion": "falapp.dev/v1alpha1",
        "kind": "FalApp",
        "namespace": "video",
        "name": "hello",
        "uid": "uid-of-hello",
    }
    assert event["metadata"]["namespace"] == "video"
    assert event["metadata"]["name"].startswith("hello.")
    assert event["reportingComponent"] == "falapp.dev/operator"
    assert event["reportingInstance"] == "operator-1"
    assert event["eventTime"] == "2026-11-22T12:00:00.000000Z"
    assert event["firstTimestamp"] == event["lastTimestamp"] == "2026-11-22T12:00:00Z"
    assert event["count"] == 1


@pytest.mark.parametrize("letter", ["x", "é", "🙂"])
def test_a_message_is_cut_to_what_the_api_server_takes(letter):
    long = app((READY, False, "SetupFailed", letter * 2000), (STALLED, True, "SetupFailed"))
    (event,) = events.told(NEW, long, samples.NOW, "operator-1")
    assert len(event["message"].encode()) <= 1024
    assert event["message"].startswith(letter * 100)
    assert event["message"].endswith("…")


def test_what_the_api_server_said_of_a_refusal_is_told_to_nobody_else():
    refused = app((READY, False, "Refused", "env[0].value: 'hunter2'"), (STALLED, True, "Refused"))
    (event,) = events.told(NEW, refused, samples.NOW, "operator-1")
    assert "hunter2" not in str(event)


def names(old, new):
    return [e["metadata"]["name"] for e in events.told(old, new, samples.NOW, "operator-1")]


def test_events_of_one_second_are_listed_as_they_came():
    life = [(ASKED, BUILDING), (BUILDING, STARTING), (STARTING, SETTING_UP), (SETTING_UP, SERVING)]
    found = [name for old, new in life for name in names(old, new)]
    changed = copy.deepcopy(BUILDING)
    changed["metadata"]["generation"] = 16
    assert sorted(found) == found
    assert len(found) == 4
    assert names(SERVING, changed) > [found[-1]]


def test_two_operators_tell_one_event():
    """The second one, or the same one after a crash, sees the old status and a later clock."""
    later = list(events.told(SETTING_UP, SERVING, samples.NOW.replace(minute=9), "operator-2"))
    assert names(SETTING_UP, SERVING) == [e["metadata"]["name"] for e in later]


@pytest.mark.parametrize(
    "change",
    [
        {"uid": "another"},
        {"generation": 2},
    ],
)
def test_another_object_or_spec_has_events_of_its_own(change):
    old, new = copy.deepcopy(BUILDING), copy.deepcopy(FAILED)
    for obj in (old, new):
        obj["metadata"] |= change
    assert names(old, new) != names(BUILDING, FAILED)


def test_another_try_that_a_person_asked_for_has_events_of_its_own():
    asked = copy.deepcopy(BUILDING)
    asked["status"]["retried"] = "again"
    assert names(FAILED, asked) != names(FAILED, BUILDING)


def test_a_later_outage_has_events_of_its_own():
    since = [app(*[(READY, True, "RunnersReady")], since=samples.at(s)) for s in (-60, -30)]
    assert names(since[0], FULL) != names(since[1], FULL)

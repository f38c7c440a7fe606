import pytest

from falapp_operator.api.conditions import ConditionType, Reason, condition, merged

READY, STALLED = ConditionType.READY, ConditionType.STALLED
THEN, NOW = "2026-11-22T12:00:00Z", "2026-11-22T13:00:00Z"


def old(status, reason="Starting", message=""):
    made = condition(READY, status, reason, message)
    return made.model_copy(update={"last_transition_time": THEN, "observed_generation": 1})


@pytest.mark.parametrize(
    ("before", "after", "time"),
    [
        (None, True, NOW),
        (False, True, NOW),
        (True, False, NOW),
        (True, None, NOW),
        (None, None, THEN),
        (False, False, THEN),
        (True, True, THEN),
    ],
)
def test_the_time_moves_with_the_status(before, after, time):
    was = [] if (before, after) == (None, True) else [old(before)]
    (made,) = merged(was, [condition(READY, after, "Other", "another message")], 7, NOW)
    assert made.last_transition_time == time
    assert made.observed_generation == 7
    assert (made.reason, made.message) == ("Other", "another message")


def test_a_time_that_is_missing_is_set():
    broken = old(True).model_copy(update={"last_transition_time": ""})
    (made,) = merged([broken], [condition(READY, True, "Same")], 1, NOW)
    assert made.last_transition_time == NOW


def test_conditions_have_an_order_and_old_ones_go():
    new = [condition(type_, True, "Any") for type_ in ConditionType]
    new = [new[2], new[0], new[3], new[1]]
    made = merged([old(True)], new, 1, NOW)
    assert [c.type for c in made] == ["Ready", "EnvironmentReady", "SetupComplete", "Stalled"]
    assert [c.type for c in merged(made, [condition(STALLED, True, "Any")], 1, NOW)] == ["Stalled"]


def test_merging_twice_changes_nothing():
    new = [condition(type_, True, "Any") for type_ in ConditionType]
    once = merged([], new, 1, THEN)
    assert merged(once, new, 1, NOW) == once


@pytest.mark.parametrize("reason", list(Reason))
def test_reasons_are_valid_and_unique(reason):
    """As the API convention wants them: ^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$."""
    assert reason.value.isalnum()
    assert reason.value[0].isupper()
    assert len({r.value for r in Reason}) == len(Reason)

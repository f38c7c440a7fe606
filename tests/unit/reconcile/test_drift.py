import copy

import pytest

from falapp_operator.api.objects import stamped
from falapp_operator.reconcile.drift import contains, unchanged

DESIRED = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a", "labels": {"app": "a"}},
    "data": {"one": "1"},
}


def live(**changes):
    """Return the object as the API server has it after it was applied."""
    made = copy.deepcopy(stamped(DESIRED))
    made["metadata"] |= {"uid": "u", "resourceVersion": "7", "creationTimestamp": "now"}
    return made | changes


def test_what_was_applied_and_is_still_so_is_unchanged():
    assert unchanged(live(), stamped(DESIRED))
    assert not unchanged(None, stamped(DESIRED))


@pytest.mark.parametrize(
    "desired",
    [
        DESIRED | {"data": {"one": "2"}},
        DESIRED | {"data": {}},  # one was taken away: only the annotation tells
        DESIRED | {"metadata": {"name": "a"}},
        {k: v for k, v in DESIRED.items() if k != "data"},
    ],
)
def test_another_wish_is_a_change(desired):
    assert not unchanged(live(), stamped(desired))


@pytest.mark.parametrize(
    "changes", [{"data": {"one": "2"}}, {"data": {}}, {"metadata": {"name": "a"}}]
)
def test_a_change_by_somebody_else_is_seen(changes):
    assert not unchanged(live(**changes), stamped(DESIRED))


def test_fields_of_others_are_theirs():
    more = live(immutable=False, data={"one": "1", "two": "2"})
    more["metadata"]["labels"]["theirs"] = "x"
    assert unchanged(more, stamped(DESIRED))


def test_the_stamp_is_of_the_wish_alone():
    assert stamped(DESIRED) == stamped(copy.deepcopy(DESIRED))
    assert "annotations" not in DESIRED["metadata"]
    other = DESIRED | {"metadata": {"name": "a", "annotations": {"mine": "x"}}}
    assert stamped(other)["metadata"]["annotations"]["mine"] == "x"


@pytest.mark.parametrize(
    ("live", "desired"),
    [
        ("1", "1000m"),
        ("500m", "0.5"),
        ("1Gi", "1024Mi"),
        ("1536Mi", "1.5Gi"),
        ("1G", "1000M"),
        ("2k", "2000"),
        ("1Ti", "1024Gi"),
        ({"a": 1, "b": 2}, {"a": 1}),
        ([{"a": 1, "b": 2}], [{"a": 1}]),
        ({"name": "A"}, {"name": "A", "value": ""}),  # Go leaves out empty texts
        ({"a": {}}, {"a": {"b": []}}),
        (None, None),
        (0, 0),
    ],
)
def test_forms_that_mean_the_same(live, desired):
    assert contains(live, desired)


@pytest.mark.parametrize(
    ("live", "desired"),
    [
        ("1", "2"),
        ("1Gi", "1G"),
        ("1Gi", "1"),
        ("1m", "1M"),
        ("a", "b"),
        ("NaN", "nan"),
        ("sNaN", "1"),
        ("", "0"),
        ("1", 1),
        (1, "1"),
        ({}, {"a": 1}),
        ({}, {"a": False}),
        ({}, {"a": {}}),
        ({}, {"a": {"b": "c"}}),
        ({"a": "x"}, {"a": ""}),
        ({"a": None}, {"a": {"b": 1}}),
        ([1, 2], [1]),
        ([1], [1, 2]),
        ([{"name": "b"}, {"name": "a"}], [{"name": "a"}, {"name": "b"}]),
        ("[]", []),
        ([], {}),
    ],
)
def test_forms_that_do_not(live, desired):
    assert not contains(live, desired)

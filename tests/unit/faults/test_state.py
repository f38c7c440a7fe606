import pytest

from tests.faults import state

APP = {
    "metadata": {"name": "a", "namespace": "n", "uid": "1", "generation": 2},
    "spec": {"replicas": 1},
    "status": {
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "observedGeneration": 2,
                "message": "since 2026-11-22T12:00:00Z",
            }
        ]
    },
}


def test_what_differs_from_run_to_run_is_left_out():
    other = APP | {"metadata": APP["metadata"] | {"uid": "2", "resourceVersion": "7"}}
    text = str(other).replace("12:00:00", "13:07:01")
    assert text != str(APP)
    assert state.normal({"falapps n/a": eval(text)}) == state.normal({"falapps n/a": APP})  # noqa: S307


def test_what_is_asked_for_is_compared():
    one, two = state.normal({"x": APP}), state.normal({"x": APP | {"spec": {"replicas": 2}}})
    assert state.difference(one, two) == [".x.spec.replicas: 1 is not 2"]
    assert state.difference(one, one) == []


@pytest.mark.parametrize(("generation", "status"), [(2, "True"), (3, None)])
def test_a_condition_of_a_former_spec_says_nothing(generation, status):
    app = APP | {"metadata": APP["metadata"] | {"generation": generation}}
    assert state.condition(app, "Ready").get("status") == status


@pytest.mark.parametrize(
    ("key", "obj", "rests"),
    [
        ("falapps n/a", APP, True),
        ("pods n/a", {"metadata": {"deletionTimestamp": "now"}}, False),
        ("jobs n/a", {"metadata": {}, "status": {}}, False),
        (
            "jobs n/a",
            {"metadata": {}, "status": {"conditions": [{"type": "Failed", "status": "True"}]}},
            True,
        ),
    ],
)
def test_rest_is_when_no_job_runs_and_nothing_goes(key, obj, rests):
    assert state.is_at_rest({key: obj}) == rests

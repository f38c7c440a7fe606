import pytest

from tests.faults.asked import Asked, read


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("GET", "/api/v1/pods", Asked(method="GET", plural="pods")),
        ("GET", "/api/v1/namespaces/a", Asked(method="GET", plural="namespaces", name="a")),
        (
            "PATCH",
            "/apis/falapp.dev/v1alpha1/namespaces/a/falapps/b/status",
            Asked(method="PATCH", plural="falapps", namespace="a", name="b", sub="status"),
        ),
        (
            "POST",
            "/apis/batch/v1/namespaces/a/jobs",
            Asked(method="POST", plural="jobs", namespace="a"),
        ),
        ("GET", "/apis/falapp.dev/v1alpha1", Asked(method="GET")),
        ("GET", "/version", Asked(method="GET")),
    ],
)
def test_a_request_is_read_in_the_api_servers_terms(method, path, asked):
    assert read(method, path, {}) == asked


@pytest.mark.parametrize(("value", "is_watch"), [("true", True), ("1", True), ("false", False)])
def test_watches_are_told_from_lists(value, is_watch):
    assert read("GET", "/api/v1/pods", {"watch": value}).watch == is_watch


@pytest.mark.parametrize(
    ("method", "plural", "is_write"),
    [
        ("PATCH", "falapps", True),
        ("DELETE", "jobs", True),
        ("GET", "falapps", False),
        ("PATCH", "leases", False),
        ("POST", "events", False),
    ],
)
def test_what_tells_of_the_operator_itself_is_no_write(method, plural, is_write):
    assert Asked(method=method, plural=plural).is_write == is_write

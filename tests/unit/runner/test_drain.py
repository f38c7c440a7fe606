from pathlib import Path

import pytest

from falapp_runner import drain

RUNNERS = Path(drain.__file__).parents[2] / "docs/runners.md"


@pytest.mark.parametrize(
    ("grace", "pause", "requests", "total"),
    [
        (30, 5.0, 24.0, 29.0),
        (3600, 5.0, 3594.0, 3599.0),
        (12, 2.0, 8.6, 11.0),
        (0.6, 0.1, 0.42, 0.54),
        (0, 0.0, 0.0, 0.0),
    ],
)
def test_budget(grace, pause, requests, total):
    found = drain.budget(grace)
    assert (found.pause, found.requests, found.total) == pytest.approx((pause, requests, total))


@pytest.mark.parametrize("grace", [0, 0.5, 1, 2, 5, 15, 30, 120, 86400])
def test_each_part_ends_after_the_one_before_and_before_sigkill(grace):
    found = drain.budget(grace)
    assert 0 <= found.pause <= found.requests <= found.total <= grace


def test_the_pause_is_as_documented():
    text = " ".join(RUNNERS.read_text().split())
    assert "serves for 5 s more (a sixth of a grace period below 30 s)" in text
    assert [drain.budget(grace).pause for grace in (6, 24, 30, 60)] == pytest.approx([1, 4, 5, 5])

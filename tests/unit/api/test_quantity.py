from decimal import Decimal

import pytest

from falapp_operator.api import quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500m", "0.5"),
        ("2", "2"),
        ("1.5Gi", str(3 * 2**29)),
        ("4194304Ki", str(2**32)),
        ("1G", "1000000000"),
        ("2k", "2000"),
        ("", None),
        ("Gi", None),
        ("much", None),
    ],
)
def test_how_much_it_is(text, value):
    assert quantity.value(text) == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("text", "count", "made"),
    [
        ("12", 4, "48"),
        ("500m", 3, "1500m"),
        ("1.5Gi", 2, "3Gi"),
        ("60Gi", 10, "600Gi"),
        ("0.5", 2, "1"),
        ("25", 4, "100"),
    ],
)
def test_times_keeps_the_unit(text, count, made):
    assert quantity.times(text, count) == made
    assert quantity.value(made) == count * quantity.value(text)


def test_the_least_is_by_value_and_as_it_is_written():
    assert quantity.least(["2", "1500m", "1600m"]) == "1500m"
    assert quantity.least(["1Gi", "1000Mi", "1100M"]) == "1000Mi"

"""Test when the alarm of unscannable uploads fires, by the expression that template.yaml gives CloudWatch."""

from typing import Any

import pytest

from local.console.metric_math import Point, evaluate
from tests.support.template import RESOURCES

ALARM: dict[str, Any] = RESOURCES["UnscannableUploadAlarm"]["Properties"]
(EXPRESSION,) = (query["Expression"] for query in ALARM["Metrics"] if "Expression" in query)


def fires(unscannable: int | None, clean: int | None, quarantined: int | None = None) -> bool:
    """Return whether an hour with these sums is an alarm. CloudWatch has no sum where nothing was counted."""
    share = evaluate(EXPRESSION, unscannable=unscannable, clean=clean, quarantined=quarantined)
    assert ALARM["ComparisonOperator"] == "GreaterThanThreshold"
    assert ALARM["TreatMissingData"] == "notBreaching"
    return share is not None and share > ALARM["Threshold"]


@pytest.mark.parametrize(
    ("unscannable", "clean", "quarantined"),
    [
        (None, None, None),
        (None, 5000, 1),
        (1, None, None),
        (1, 0, 0),
        (3, 97, None),
        (9, None, None),
        (10, 190, None),
        (30, 570, None),
        (40, 360, 400),
    ],
)
def test_few_or_a_small_share_are_no_alarm(unscannable: int | None, clean: int | None, quarantined: int | None) -> None:
    assert not fires(unscannable, clean, quarantined)


@pytest.mark.parametrize(
    ("unscannable", "clean", "quarantined"),
    [(30, 70, None), (10, None, None), (10, 0, 0), (10, 189, None), (500, 9000, 3), (41, 359, 400)],
)
def test_many_that_are_a_share_are_an_alarm(unscannable: int, clean: int | None, quarantined: int | None) -> None:
    assert fires(unscannable, clean, quarantined)


def test_expression_returns_the_percentage() -> None:
    assert evaluate(EXPRESSION, unscannable=30, clean=60, quarantined=10) == 30


def test_expression_names_exactly_its_metrics_and_alone_returns_data() -> None:
    metrics = {query["Id"]: query["MetricStat"] for query in ALARM["Metrics"] if "MetricStat" in query}
    assert {name: stat["Metric"]["MetricName"] for name, stat in metrics.items()} == {
        "unscannable": "Unscannable",
        "clean": "Clean",
        "quarantined": "Quarantined",
    }
    assert {stat["Stat"] for stat in metrics.values()} == {"Sum"}
    assert [query["Id"] for query in ALARM["Metrics"] if query.get("ReturnData", True)] == ["share"]
    assert not {"MetricName", "Namespace", "Dimensions", "Period", "Statistic"} & ALARM.keys()


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Point(None) + Point(2), 2),
        (Point(None) + Point(None), None),
        (Point(1) / Point(0), None),
        (Point(None) / Point(4), 0),
        (100 * Point(None), None),
        (Point(None) >= 1, None),
        (Point(1) >= 1, 1),
    ],
)
def test_arithmetic_is_that_of_cloudwatch(found: Point, expected: float | None) -> None:
    assert found.value == expected

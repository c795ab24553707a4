"""Test what the graphs of the dashboard of template.yaml show: each question of an operator has its metrics."""

from typing import Any

import pytest

from photodna_guard.domain.models import Status
from tests.support.dashboard import expressions, graphs, metrics
from tests.support.template import FUNCTIONS, RESOURCES


def graph_named(title: str) -> dict[str, Any]:
    (graph,) = (graph for graph in graphs() if graph["title"] == title)
    return graph


def names(title: str) -> list[str]:
    return [metric.name for metric in metrics(graph_named(title))]


def test_every_settled_status_is_in_the_stack() -> None:
    graph = graph_named("Settled uploads by status")
    assert graph["stacked"] is True
    assert {status.value.title() for status in Status if status.settled} < set(names(graph["title"]))


def test_times_of_fresh_uploads_and_of_a_backfill_are_apart() -> None:
    for title, name in (
        ("Time to verdict: uploads", "TimeToVerdict"),
        ("Time to verdict: backfill", "BackfillTimeToVerdict"),
    ):
        shown = [(metric.name, metric.options["stat"]) for metric in metrics(graph_named(title))]
        assert shown == [(name, "p50"), (name, "p99")]


@pytest.mark.parametrize("title", ["Errors of the functions", "Duration, p99"])
def test_errors_and_durations_are_those_of_every_function(title: str) -> None:
    """But two: no upload goes through them, they have alarms, and a dashboard is free up to 50 metrics."""
    wanted = [f"<{name}>" for name in FUNCTIONS if name not in ("OnCanaryFunction", "OnFeedFunction")]
    assert [metric.dimensions[1] for metric in metrics(graph_named(title))] == wanted


@pytest.mark.parametrize("queue", ["RetryQueue", "BackfillQueue"])
def test_hidden_and_delayed_messages_wait_too(queue: str) -> None:
    """What the service's pause puts back is hidden, and what waits for another attempt is delayed."""
    shown = [m.name for m in metrics(graph_named("Waiting messages")) if m.dimensions[1] == f"<{queue}.QueueName>"]
    assert sorted(name.removeprefix("ApproximateNumberOfMessages") for name in shown) == [
        "Delayed", "NotVisible", "Visible",
    ]  # fmt: skip


def test_share_on_the_dashboard_is_that_of_its_alarm() -> None:
    (share,) = expressions(graph_named("Unscannable uploads of an hour"))
    alarm = RESOURCES["UnscannableUploadAlarm"]["Properties"]
    assert share["expression"].replace(" ", "") in alarm["Metrics"][0]["Expression"].replace(" ", "")
    (line,) = graph_named("Unscannable uploads of an hour")["annotations"]["horizontal"]
    assert line["value"] == alarm["Threshold"]


def test_quota_is_drawn_against_its_alarm() -> None:
    (line,) = graph_named("Quota used (percent)")["annotations"]["horizontal"]
    assert line["value"] == RESOURCES["QuotaAlarm"]["Properties"]["Threshold"]

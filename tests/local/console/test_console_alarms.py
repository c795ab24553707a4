"""The alarms of template.yaml, evaluated on values that a test gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.aws import template
from local.console.alarm_watch import AlarmWatch
from local.console.alarms import ALARM, INSUFFICIENT_DATA, NOT_EVALUATED, OK, Alarm, read_alarms
from local.console.metrics import APPLICATION, KEPT_SECONDS, QUEUES, VISIBLE_MESSAGES, MetricStore, Series, parse_emf
from local.stack import TEMPLATE
from tests.support.clock import ManualClock

ALARMS = {alarm.name: alarm for alarm in read_alarms(template.load(TEMPLATE))}
NOW = 1_800_000_000.0
EMF = (
    '{"_aws":{"Timestamp":%d,"CloudWatchMetrics":[{"Namespace":"PhotoDNAGuard","Dimensions":[["service"]],'
    '"Metrics":[{"Name":"Matched","Unit":"Count"},{"Name":"Requests","Unit":"Count"}]}]},"service":"s",'
    '"Matched":[1.0,1.0],"Requests":3}'
)


def state_of(name: str, *points: tuple[float, float], before: str = OK, metric: str = "") -> str:
    """Return the state of an alarm for points (seconds ago, value) of its metric."""
    alarm, store = ALARMS[name], MetricStore()
    wanted = [one.series for one in alarm.queries.values() if metric in ("", one.series.name)]
    for ago, value in points:
        store.add(wanted[0], NOW - ago, value)
    return alarm.next_state(store, NOW, before)


def test_every_alarm_of_the_template_is_read() -> None:
    resources = template.load(TEMPLATE)["Resources"]
    assert list(ALARMS) == [name for name, one in resources.items() if one["Type"] == "AWS::CloudWatch::Alarm"]


def test_alarms_on_metrics_that_are_missing_here_say_so() -> None:
    unevaluated = {alarm.name for alarm in ALARMS.values() if alarm.obstacle}
    assert {"EventAgeAlarm", "RetryQueueAgeAlarm", "DestinationFailureAlarm"} <= unevaluated
    assert state_of("EventAgeAlarm", (1, 1e9)) == NOT_EVALUATED
    assert not {alarm.name for alarm in ALARMS.values() if _is_own(alarm)} & unevaluated


def _is_own(alarm: Alarm) -> bool:
    return all(query.series.namespace == APPLICATION for query in alarm.queries.values())


def test_values_are_kept_as_long_as_any_alarm_looks_back() -> None:
    assert max(one.period * one.periods for one in ALARMS.values() if not one.obstacle) <= KEPT_SECONDS


@pytest.mark.parametrize(
    ("name", "points", "expected"),
    [
        ("MatchAlarm", [], OK),
        ("MatchAlarm", [(10, 1)], ALARM),
        ("MatchAlarm", [(61, 1)], OK),
        ("RejectedRequestAlarm", [(1, 2)], OK),
        ("RejectedRequestAlarm", [(1, 2), (200, 1)], ALARM),
        ("ServiceOutageAlarm", [(1, 1), (301, 1)], OK),
        ("ServiceOutageAlarm", [(1, 1), (301, 1), (601, 1)], ALARM),
        ("UrlFailureAlarm", [(1, 10)], OK),
        ("UrlFailureAlarm", [(1, 10), (700, 10)], ALARM),
        ("UnsettledUploadAlarm", [], INSUFFICIENT_DATA),
        ("UnsettledUploadAlarm", [(1, 3899), (2, 1)], OK),
        ("UnsettledUploadAlarm", [(2, 3900), (1, 1)], ALARM),
        ("DeadLetterAlarm", [(1, 1)], ALARM),
        ("SweepFailureAlarm", [(1, 1), (301, 1), (601, 0)], OK),
        ("SweepFailureAlarm", [(1, 1), (301, 1), (601, 1)], ALARM),
        ("UnscannableUploadAlarm", [(1, 9)], OK),
        ("UnscannableUploadAlarm", [(1, 10)], ALARM),
    ],
)
def test_state_follows_the_values(name: str, points: list[tuple[float, float]], expected: str) -> None:
    metric = "Unscannable" if name == "UnscannableUploadAlarm" else ""
    assert state_of(name, *points, metric=metric) == expected


@pytest.mark.parametrize("before", [OK, ALARM])
def test_alarm_that_ignores_missing_data_keeps_its_state(before: str) -> None:
    assert state_of("QuotaAlarm", before=before) == before


def test_log_lines_give_metrics_once_and_only_whole_lines_do(tmp_path: Path) -> None:
    log, clock = tmp_path / "OnUploadFunction.log", ManualClock(NOW)
    watch = make_watch(tmp_path, clock)
    line = EMF % round(NOW * 1000)
    log.write_text(f"START\n{EMF % round((NOW - 60) * 1000)}\n{line}")
    watch.refresh()
    assert find(watch, "MatchAlarm")["state"] == OK

    log.write_text(f"START\n{EMF % round((NOW - 60) * 1000)}\n{line}\nEND\n")
    watch.refresh()
    assert find(watch, "MatchAlarm")["state"] == ALARM

    clock.now += 61
    watch.refresh()
    assert find(watch, "MatchAlarm")["state"] == OK
    assert find(watch, "MatchAlarm")["rung_at"] == NOW


def make_watch(logs: Path, clock: ManualClock, messages: int = 0) -> AlarmWatch:
    return AlarmWatch(template.load(TEMPLATE), logs, dict, lambda _: messages, clock)


def find(watch: AlarmWatch, name: str) -> dict[str, Any]:
    return next(one for one in watch.describe() if one["name"] == name)


def test_message_in_a_dead_letter_queue_is_an_alarm(tmp_path: Path) -> None:
    watch = make_watch(tmp_path, ManualClock(NOW), messages=1)
    watch.sample_queues()
    watch.refresh()
    assert find(watch, "DeadLetterAlarm")["state"] == ALARM
    assert ALARMS["DeadLetterAlarm"].queries["value"].series == Series(QUEUES, VISIBLE_MESSAGES, "DeadLetterQueue")


@pytest.mark.parametrize("line", ["", "START", "{", '{"_aws"', '{"message": "_aws"}', "[1]"])
def test_other_log_lines_have_no_metric(line: str) -> None:
    assert list(parse_emf(line)) == []


def test_metric_of_a_container_log_has_each_value() -> None:
    found = list(parse_emf("2026-01-01 OnUpload: " + EMF % 5000))
    assert [(series.name, at, value) for series, at, value in found] == [
        ("Matched", 5.0, 1.0),
        ("Matched", 5.0, 1.0),
        ("Requests", 5.0, 3.0),
    ]

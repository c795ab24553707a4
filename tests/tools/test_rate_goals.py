"""The rate benchmark's goals, chart and tables."""

import io
import json
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from tools.bench.rate import chart, goals, tables
from tools.bench.rate.chart import Panel

SVG = "{http://www.w3.org/2000/svg}"


def _run(**more: Any) -> dict[str, Any]:
    figures = {
        "latency": 1.0,
        "workers": 8,
        "requests": 600,
        "utilization": 0.975,
        "largest_window": 10,
        "window_limit": 10,
        "refused_429": 0,
        "writes_per_request": 0.1,
        "reads_per_request": 0.02,
        "unused_slots": 2,
        "load": 1.0,
        "stalls": 0,
        "longest_stall_ms": 3.0,
        "requests_by_second": [[10, 0, 0], [9, 0, 1]],
    }
    return figures | more


def _outage(**more: Any) -> dict[str, Any]:
    counts = {"uploads": 600, "requests_during": 40, "unsettled": 0, "lost": 0, "dead_letters": 0, "max_attempts": 3}
    times = {"seconds": 60.2, "recovery_seconds": 3.0, "settled_after_seconds": 40.0, "outage_request_rate": 0.4}
    return _run(mode="503", unsettled_at_end=400, **counts, **times) | more


def _fresh_uploads(**more: Any) -> dict[str, Any]:
    times = {"cold": 4.0, "warm": [1.0, 1.9], "median": 1.45, "bound": 2.6}
    return _run(messages=10_000, queue="BackfillQueue", backlog_remained=True, **times) | more


def _limit(**more: Any) -> dict[str, Any]:
    return _run(limit=1, uploads_a_second=2, utilization=0.975, largest_window=1, window_limit=1) | more


def _baseline() -> dict[str, Any]:
    counts = {"largest_window": 90, "refused_429": 300, "writes_per_request": None}
    return _run(strategy="concurrency <alone>", utilization=2.0, **counts)


def _priorities() -> dict[str, Any]:
    shares = {
        "retry_share": 0.99,
        "handover_seconds": 0.2,
        "backfill_utilization": 0.974,
        "backfill_requests_before": 3,
    }
    return _run(retries=180, backfill=360, requests_by_second_and_priority=[[10, 0], [2, 7]], **shares)


def _result(**more: Any) -> dict[str, Any]:
    result: dict[str, Any] = {
        "limit": 10.0,
        "margin_ms": 25.0,
        "default_workers": 8,
        "steady_state": [_run(), _run(workers=1, utilization=0.1, writes_per_request=0.2)],
        "baselines": [
            _run(
                strategy="concurrency <alone>",
                utilization=2.0,
                largest_window=90,
                refused_429=300,
                writes_per_request=None,
            )
        ],
        "simultaneous_start": _run(workers=20, utilization=0.5),
        "clock_skew": _run(workers=20, skew_ms=50),
        "limits": [_limit(), _limit(limit=200, uploads_a_second=0, utilization=0.4, window_limit=200)],
        "outages": [_outage(), _outage(mode="no answer")],
        "fresh_uploads": [_fresh_uploads(), _fresh_uploads(queue="RetryQueue", warm=[1.0, 2.5])],
        "priorities": _priorities(),
    }
    result |= more
    return result | {"goals": [goal.as_dict() for goal in goals.check_goals(result)]}


def _missed(result: dict[str, Any]) -> dict[str, float | None]:
    return {goal["name"]: goal["missed_by"] for goal in result["goals"] if not goal["reached"]}


def test_no_goal_is_missed_when_all_are_reached() -> None:
    assert _missed(_result()) == {}


def test_other_numbers_of_workers_are_checked_for_the_limit_only() -> None:
    result = _result(steady_state=[_run(), _run(workers=1, utilization=0.1, largest_window=11, refused_429=2)])
    assert _missed(result) == {
        "largest window: steady state": 1,
        "responses of 429: steady state": 2,
    }


@pytest.mark.parametrize(
    ("part", "change", "name", "by"),
    [
        ("steady_state", {"utilization": 0.95}, "utilization of the limit", 0.02),
        ("steady_state", {"writes_per_request": 0.35}, "rate limiter writes", 0.25),
        (
            "simultaneous_start",
            {"largest_window": 12},
            "largest window: simultaneous start of 20 workers",
            2,
        ),
        ("clock_skew", {"refused_429": 3}, "responses of 429: 20 workers, clock skew of 50 ms", 3),
        ("outages", {"lost": 1}, "lost uploads: outage of 60 s, 503", 1),
        ("outages", {"unsettled": 4}, "unsettled uploads", 4),
        ("outages", {"dead_letters": 2}, "dead letters", 2),
        ("outages", {"recovery_seconds": 7.5}, "seconds until 95 % of the limit", 2.5),
        ("outages", {"recovery_seconds": None}, "seconds until 95 % of the limit", None),
        ("outages", {"outage_request_rate": 1.5}, "requests a second once detected", 0.5),
        ("outages", {"outage_request_rate": None}, "requests a second once detected", None),
        ("outages", {"refused_429": 1}, "responses of 429: outages", 1),
        ("fresh_uploads", {"warm": [0.5, 2.5]}, "seconds to a verdict beyond", 0.5),
        ("fresh_uploads", {"warm": [0.5, 2.7], "queue": "RetryQueue"}, "seconds to a verdict beyond", 0.1),
        ("fresh_uploads", {"backlog_remained": False}, "seconds to a verdict beyond", None),
        ("limits", {"utilization": 0.035}, "utilization of the limit: 1 requests a second, 2 uploads a second", 0.935),
        ("limits", {"utilization": None}, "utilization of the limit: 1 requests a second, 2 uploads a second", None),
        ("limits", {"largest_window": 2}, "largest window: 1 requests a second, 2 uploads a second", 1),
        ("priorities", {"retry_share": 0.85}, "retries' share", 0.1),
        ("priorities", {"retry_share": None}, "retries' share", None),
        ("priorities", {"backfill_utilization": 0.9}, "utilization by the backfill", 0.07),
        ("priorities", {"largest_window": 11}, "largest window: two priorities", 1),
    ],
)
def test_missed_goal_gives_the_amount(part: str, change: dict[str, Any], name: str, by: float | None) -> None:
    was = _result()[part]
    changed = [was[0] | change, *was[1:]] if isinstance(was, list) else was | change
    missed = _missed(_result(**{part: changed}))
    assert len(missed) == 1
    (missed_name, missed_by), *_ = missed.items()
    assert missed_name.startswith(name)
    assert missed_by == (None if by is None else pytest.approx(by))


def test_result_is_valid_json_without_infinity() -> None:
    json.dumps(_result(outages=[_outage(recovery_seconds=None)]), allow_nan=False)


def test_chart_shows_each_panel_with_its_limit() -> None:
    panels = list(chart.build_panels(_result()))
    root = ElementTree.fromstring(chart.render_chart(panels, limit=10.0))  # noqa: S314
    titles = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "title"]
    limits = [line for line in root.iter(f"{SVG}line") if line.get("class") == "limit"]
    assert titles == [panel.title for panel in panels]
    assert len(limits) == len(panels) == 5


@pytest.mark.parametrize(
    ("panel", "classes"),
    [
        (Panel("one", [[3, 0, 0], [3, 2, 4]]), ["bar", "bar", "failed", "refused"]),
        (Panel("priorities", [[3, 1], [0, 2]], ("bar", "backfill")), ["bar", "backfill", "backfill"]),
        (Panel("nothing came", []), []),
    ],
)
def test_chart_draws_each_part_of_a_second(panel: Panel, classes: list[str]) -> None:
    root = ElementTree.fromstring(chart.render_chart([panel], limit=10.0))  # noqa: S314
    assert [rect.get("class") for rect in root.iter(f"{SVG}rect")] == ["paper", *classes]


def test_tables_mark_missed_goals() -> None:
    printed = _print_tables(_result(outages=[_outage(recovery_seconds=None)]))
    assert printed.count("MISSED") == 1


def test_tables_are_not_cut_at_120_columns() -> None:
    printed = _print_tables(_result())
    assert "…" not in printed
    assert all(header in printed for header in ("requests", "writes", "reads", "stalls", "largest", "no answer"))


def _print_tables(result: dict[str, Any]) -> str:
    printed = io.StringIO()
    console = Console(file=printed, width=120)
    for table in tables.build_tables(result):
        console.print(table)
    return printed.getvalue()

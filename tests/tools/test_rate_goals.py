"""What the rate benchmark says of its goals, draws and prints."""

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
    seen = {
        "latency": 1.0,
        "workers": 8,
        "requests": 600,
        "held": 0.975,
        "largest_window": 10,
        "window_limit": 10,
        "refused_429": 0,
        "writes_for_each": 0.1,
        "reads_for_each": 0.02,
        "slots_unused": 2,
        "load": 1.0,
        "stalls": 0,
        "longest_stall_ms": 3.0,
        "each_second": [[10, 0, 0], [9, 0, 1]],
    }
    return seen | more


def _outage(**more: Any) -> dict[str, Any]:
    counts = {"uploads": 600, "requests_during": 40, "unsettled": 0, "lost": 0, "dead_letters": 0, "most_attempts": 3}
    times = {"seconds": 60.2, "back_after": 3.0, "settled_after": 40.0, "trickle": 0.4}
    return _run(mode="503", left_at_its_end=400, **counts, **times) | more


def _fresh(**more: Any) -> dict[str, Any]:
    times = {"cold": 4.0, "warm": [1.0, 1.9], "median": 1.45, "bound": 2.6}
    return _run(messages=10_000, queue="BackfillQueue", still_waiting=True, **times) | more


def _lanes() -> dict[str, Any]:
    shares = {"retry_share": 0.99, "handover": 0.2, "backfill_held": 0.974, "backfill_before": 3}
    return _run(retries=180, backfill=360, each_second_by_lane=[[10, 0], [2, 7]], **shares)


def _result(**more: Any) -> dict[str, Any]:
    result: dict[str, Any] = {
        "limit": 10.0,
        "margin_ms": 25.0,
        "default_workers": 8,
        "standing": [_run(), _run(workers=1, held=0.1, writes_for_each=0.2)],
        "usual": [_run(way="concurrency <alone>", held=2.0, largest_window=90, refused_429=300, writes_for_each=None)],
        "at_once": _run(workers=20, held=0.5),
        "shifted": _run(workers=20, apart_ms=50),
        "outages": [_outage(), _outage(mode="no answer")],
        "fresh": [_fresh(), _fresh(queue="RetryQueue", warm=[1.0, 2.5])],
        "lanes": _lanes(),
    }
    result |= more
    return result | {"goals": [goal.as_dict() for goal in goals.judge(result)]}


def _missed(result: dict[str, Any]) -> dict[str, float | None]:
    return {goal["name"]: goal["missed_by"] for goal in result["goals"] if not goal["reached"]}


def test_nothing_is_missed_where_everything_is_reached() -> None:
    assert _missed(_result()) == {}


def test_other_numbers_of_workers_are_not_judged_for_their_rate_but_for_the_limit() -> None:
    result = _result(standing=[_run(), _run(workers=1, held=0.1, largest_window=11, refused_429=2)])
    assert _missed(result) == {
        "largest one-second window: standing backlog": 1,
        "answers of 429: standing backlog": 2,
    }


@pytest.mark.parametrize(
    ("part", "change", "name", "by"),
    [
        ("standing", {"held": 0.95}, "rate held", 0.02),
        ("standing", {"writes_for_each": 0.35}, "limiter writes", 0.25),
        ("at_once", {"largest_window": 12}, "largest one-second window: 20 workers at once", 2),
        ("shifted", {"refused_429": 3}, "answers of 429: 20 workers, clocks 50 ms apart", 3),
        ("outages", {"lost": 1}, "uploads lost: outage of 60 s, 503", 1),
        ("outages", {"unsettled": 4}, "uploads not settled", 4),
        ("outages", {"dead_letters": 2}, "dead letters", 2),
        ("outages", {"back_after": 7.5}, "seconds until 95 %", 2.5),
        ("outages", {"back_after": None}, "seconds until 95 %", None),
        ("outages", {"trickle": 1.5}, "requests a second once it was noticed", 0.5),
        ("outages", {"trickle": None}, "requests a second once it was noticed", None),
        ("outages", {"refused_429": 1}, "answers of 429: outages", 1),
        ("fresh", {"warm": [0.5, 2.5]}, "verdict, seconds beyond", 0.5),
        ("fresh", {"warm": [0.5, 2.7], "queue": "RetryQueue"}, "verdict, seconds beyond", 0.1),
        ("fresh", {"still_waiting": False}, "verdict, seconds beyond", None),
        ("lanes", {"retry_share": 0.85}, "retries' share", 0.1),
        ("lanes", {"retry_share": None}, "retries' share", None),
        ("lanes", {"backfill_held": 0.9}, "rate held by the backfill", 0.07),
        ("lanes", {"largest_window": 11}, "largest one-second window: two lanes", 1),
    ],
)
def test_a_missed_goal_says_by_how_much(part: str, change: dict[str, Any], name: str, by: float | None) -> None:
    was = _result()[part]
    changed = [was[0] | change, *was[1:]] if isinstance(was, list) else was | change
    missed = _missed(_result(**{part: changed}))
    assert len(missed) == 1
    (missed_name, missed_by), *_ = missed.items()
    assert missed_name.startswith(name)
    assert missed_by == (None if by is None else pytest.approx(by))


def test_the_result_is_proper_json() -> None:
    json.dumps(_result(outages=[_outage(back_after=None)]), allow_nan=False)


def test_the_chart_shows_each_panel_with_its_limit() -> None:
    panels = list(chart.panels(_result()))
    drawn = ElementTree.fromstring(chart.draw(panels, limit=10.0))  # noqa: S314 - drawn above
    titles = [text.text for text in drawn.iter(f"{SVG}text") if text.get("class") == "title"]
    limits = [line for line in drawn.iter(f"{SVG}line") if line.get("class") == "limit"]
    assert titles == [panel.title for panel in panels]
    assert len(limits) == len(panels) == 5


@pytest.mark.parametrize(
    ("panel", "classes"),
    [
        (Panel("one", [[3, 0, 0], [3, 2, 4]]), ["bar", "bar", "failed", "refused"]),
        (Panel("lanes", [[3, 1], [0, 2]], ("bar", "backfill")), ["bar", "backfill", "backfill"]),
        (Panel("nothing came", []), []),
    ],
)
def test_the_chart_draws_each_part_of_a_second(panel: Panel, classes: list[str]) -> None:
    drawn = ElementTree.fromstring(chart.draw([panel], limit=10.0))  # noqa: S314
    assert [rect.get("class") for rect in drawn.iter(f"{SVG}rect")] == ["paper", *classes]


def test_the_tables_name_what_was_missed() -> None:
    said = _printed(_result(outages=[_outage(back_after=None)]))
    assert said.count("MISSED") == 1


def test_the_tables_are_not_cut_at_120_columns() -> None:
    said = _printed(_result())
    assert "…" not in said
    assert all(header in said for header in ("requests", "writes", "reads", "stalls", "largest", "no answer"))


def _printed(result: dict[str, Any]) -> str:
    said = io.StringIO()
    console = Console(file=said, width=120)
    for table in tables.tables(result):
        console.print(table)
    return said.getvalue()

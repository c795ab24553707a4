"""What the rate benchmark says of its goals, draws and prints."""

import io
import json
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from tests.bench.rate import chart, goals, tables

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
        "load": 1.0,
        "stalls": 0,
        "longest_stall_ms": 3.0,
        "each_second": [[10, 0, 0], [9, 0, 1]],
    }
    return seen | more


def _result(**more: Any) -> dict[str, Any]:
    outage = {"seconds": 60.2, "uploads": 600, "requests_during": 40, "unsettled": 0, "lost": 0, "dead_letters": 0}
    result: dict[str, Any] = {
        "limit": 10.0,
        "default_workers": 8,
        "standing": [_run(), _run(workers=1, held=0.1, writes_for_each=0.2)],
        "usual": [_run(way="concurrency <alone>", held=2.0, largest_window=90, refused_429=300, writes_for_each=None)],
        "at_once": _run(workers=20, held=0.5),
        "shifted": _run(workers=20, apart_ms=50),
        "outage": _run(**outage, back_after=3.0, settled_after=40.0),
        "fresh": _run(messages=10_000, cold=4.0, warm=[1.0, 1.9], still_waiting=True),
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
        ("standing", {"writes_for_each": 0.35}, "pacer writes", 0.25),
        ("at_once", {"largest_window": 12}, "largest one-second window: 20 workers at once", 2),
        ("shifted", {"refused_429": 3}, "answers of 429: 20 workers, clocks 50 ms apart", 3),
        ("outage", {"lost": 1}, "uploads lost", 1),
        ("outage", {"unsettled": 4}, "uploads not settled", 4),
        ("outage", {"dead_letters": 2}, "dead letters", 2),
        ("outage", {"back_after": 7.5}, "seconds until 95 %", 2.5),
        ("outage", {"back_after": None}, "seconds until 95 %", None),
        ("fresh", {"warm": [0.5, 2.5]}, "seconds beyond the latency", 0.5),
        ("fresh", {"still_waiting": False}, "seconds beyond the latency", None),
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
    json.dumps(_result(outage=_result()["outage"] | {"back_after": None}), allow_nan=False)


def test_the_chart_shows_each_panel_with_its_limit() -> None:
    panels = chart.panels(_result())
    drawn = ElementTree.fromstring(chart.draw(panels, limit=10.0))  # noqa: S314 - drawn above
    titles = [text.text for text in drawn.iter(f"{SVG}text") if text.get("class") == "title"]
    limits = [line for line in drawn.iter(f"{SVG}line") if line.get("class") == "limit"]
    assert titles == list(panels)
    assert len(limits) == len(panels) == 3


def test_the_chart_draws_what_was_refused() -> None:
    drawn = chart.draw({"one": [[3, 0, 0], [3, 2, 4]]}, limit=10.0)
    classes = [rect.get("class") for rect in ElementTree.fromstring(drawn).iter(f"{SVG}rect")]  # noqa: S314
    assert classes == ["paper", "bar", "bar", "failed", "refused"]


def test_the_tables_name_what_was_missed() -> None:
    said = io.StringIO()
    console = Console(file=said, width=160)
    for table in tables.tables(_result(outage=_result()["outage"] | {"back_after": None})):
        console.print(table)
    assert "MISSED" in said.getvalue()
    assert said.getvalue().count("MISSED") == 1

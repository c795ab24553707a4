"""The result as tables for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

_NOT = "–"


def tables(result: Mapping[str, Any]) -> Iterator[Table]:
    """What was measured, run by run, and the goals."""
    yield _runs(result)
    yield _events(result)
    yield _goals(result)


def _runs(result: Mapping[str, Any]) -> Table:
    title = (
        f"{result['limit']:g} requests a second. held: of the limit, from the 21st to the 20th last arrival; "
        "writes: to the pacer's table, for each request; "
        "stalls: seconds in which this machine kept a waking process waiting for more than 25 ms, and the longest"
    )
    columns = ("run", "latency", "workers", "requests", "held", "possible", "window", "429", "writes", "load", "stalls")
    table = Table(title=title)
    for column in columns:
        table.add_column(column, justify="left" if column == "run" else "right")
    for name, run in _named(result):
        table.add_row(name, *_cells(run))
    return table


def _named(result: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from (("standing backlog", run) for run in result["standing"])
    yield "all at once", result["at_once"]
    yield f"clocks {result['shifted']['apart_ms']} ms apart", result["shifted"]
    yield from ((f"usual: {run['way']}", run) for run in result["usual"])


def _cells(run: Mapping[str, Any]) -> list[str]:
    return [
        f"{run['latency']:g} s",
        str(run["workers"]),
        str(run["requests"]),
        _percent(run["held"]),
        _percent(run.get("possible")),
        f"{run['largest_window']} / {run['window_limit']}",
        str(run["refused_429"]),
        _number(run["writes_for_each"], 3),
        _number(run["load"], 1),
        f"{run['stalls']}, {run['longest_stall_ms']:.0f} ms",
    ]


def _events(result: Mapping[str, Any]) -> Table:
    outage, fresh = result["outage"], result["fresh"]
    table = Table("measured", "value", title="outage, and fresh uploads under a backlog")
    for name in ("seconds", "uploads", "requests_during", "back_after", "settled_after", "unsettled", "lost"):
        table.add_row(f"outage: {name.replace('_', ' ')}", _number(outage[name], 1))
    table.add_row("outage: dead letters", str(outage["dead_letters"]))
    table.add_row("fresh: messages waiting", str(fresh["messages"]))
    table.add_row("fresh: seconds beyond the latency, cold start", _number(fresh["cold"], 2))
    table.add_row("fresh: seconds beyond the latency", "  ".join(_number(value, 2) for value in fresh["warm"]))
    for name, run in (("outage", outage), ("fresh", fresh)):
        stalls = f"{run['stalls']}, {run['longest_stall_ms']:.0f} ms"
        table.add_row(f"{name}: window, load, stalls", f"{run['largest_window']}; {run['load']:.1f}; {stalls}")
    return table


def _goals(result: Mapping[str, Any]) -> Table:
    table = Table("goal", "wanted", "measured", "missed by", title="goals")
    for goal in result["goals"]:
        by = "" if goal["reached"] else f"MISSED by {_number(goal['missed_by'], 4)}"
        table.add_row(goal["name"], goal["wanted"], _number(goal["measured"], 4), by)
    return table


def _percent(value: float | None) -> str:
    return _NOT if value is None else f"{value:.1%}"


def _number(value: float | None, digits: int) -> str:
    return _NOT if value is None else f"{round(value, digits):g}"

"""The result as tables for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

_NOT = "–"


def tables(result: Mapping[str, Any]) -> Iterator[Table]:
    """What was measured, run by run, and the goals."""
    yield _runs(result)
    yield _outages(result["outages"])
    yield _fresh(result["fresh"])
    yield _lanes(result["lanes"])
    yield _goals(result)


def _table(columns: Sequence[str], title: str) -> Table:
    table = Table(title=title)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def _runs(result: Mapping[str, Any]) -> Table:
    title = (
        f"{result['limit']:g} requests a second. held: of the limit, in the steady middle; window: most requests in "
        "any one second; writes, reads: of the limiter's table, for each request; unused: slots taken in vain; "
        "stalls: seconds in which this machine kept a waking process waiting for more than the margin of "
        f"{result['margin_ms']:g} ms, and the longest (ms); by ...: the usual ways"
    )
    columns = ("run", "latency", "workers", "requests", "held", "possible")
    table = _table((*columns, "window", "429", "writes", "reads", "unused", "stalls"), title)
    for name, run in _named(result):
        table.add_row(name, *_cells(run))
    return table


def _named(result: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from (("standing backlog", run) for run in result["standing"])
    yield "all at once", result["at_once"]
    yield f"{result['shifted']['apart_ms']} ms apart", result["shifted"]
    yield "two lanes", result["lanes"]
    yield from ((f"by {run['way']}", run) for run in result["usual"])


def _cells(run: Mapping[str, Any]) -> list[str]:
    return [
        f"{run['latency']:g} s",
        str(run["workers"]),
        str(run["requests"]),
        _percent(run["held"]),
        _percent(run.get("possible")),
        str(run["largest_window"]),
        str(run["refused_429"]),
        _number(run["writes_for_each"], 3),
        _number(run["reads_for_each"], 3),
        _number(run["slots_unused"], 0),
        _stalls(run),
    ]


def _outages(outages: Sequence[Mapping[str, Any]]) -> Table:
    table = _table(("outage", *(outage["mode"] for outage in outages)), "outages under a backlog")
    for name in (
        *("seconds", "uploads", "left_at_its_end", "requests_during", "trickle", "back_after", "settled_after"),
        *("most_attempts", "unsettled", "lost", "dead_letters", "slots_unused", "largest_window", "load"),
    ):
        table.add_row(name.replace("_", " "), *(_number(outage[name], 1) for outage in outages))
    table.add_row("stalls", *(_stalls(outage) for outage in outages))
    return table


def _fresh(runs: Sequence[Mapping[str, Any]]) -> Table:
    title = "fresh uploads under a backlog: seconds beyond the service's latency until the verdict"
    columns = ("waiting", "in", "uploads", "median", "largest", "cold", "bound", "window", "load", "stalls")
    table = _table(columns, title)
    for run in runs:
        warm = run["warm"]
        seconds = [_number(value, 2) for value in (run["median"], max(warm), run["cold"], run["bound"])]
        end = (str(run["largest_window"]), _number(run["load"], 1), _stalls(run))
        table.add_row(str(run["messages"]), run["queue"], str(len(warm)), *seconds, *end)
    return table


def _lanes(lanes: Mapping[str, Any]) -> Table:
    table = _table(("measured", "value"), f"{lanes['retries']} retries and {lanes['backfill']} of a backfill wait")
    table.add_row("retries' share of the requests in their middle", _percent(lanes["retry_share"]))
    table.add_row("requests of the backfill before the last retry", str(lanes["backfill_before"]))
    table.add_row("seconds from the last retry to the backfill", _number(lanes["handover"], 2))
    table.add_row("rate held by the backfill then, of the limit", _percent(lanes["backfill_held"]))
    return table


def _goals(result: Mapping[str, Any]) -> Table:
    table = Table("goal", "wanted", "measured", "missed by", title="goals")
    for goal in result["goals"]:
        by = "" if goal["reached"] else f"MISSED by {_number(goal['missed_by'], 4)}"
        table.add_row(goal["name"], goal["wanted"], _number(goal["measured"], 4), by)
    return table


def _stalls(run: Mapping[str, Any]) -> str:
    return f"{run['stalls']}, {run['longest_stall_ms']:.0f}"


def _percent(value: float | None) -> str:
    return _NOT if value is None else f"{value:.1%}"


def _number(value: float | None, digits: int) -> str:
    return _NOT if value is None else f"{round(value, digits):g}"

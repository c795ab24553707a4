"""Show the rate benchmark's result as tables for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

_NOT_MEASURED = "–"


def build_tables(result: Mapping[str, Any]) -> Iterator[Table]:
    """Yield a table for each kind of run, and one of the goals."""
    yield _build_runs(result)
    yield _build_outages(result["outages"])
    yield _build_fresh_uploads(result["fresh_uploads"])
    yield _build_priorities(result["priorities"])
    yield _build_goals(result)


def _build_table(columns: Sequence[str], title: str) -> Table:
    table = Table(title=title)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def _build_runs(result: Mapping[str, Any]) -> Table:
    title = (
        f"{result['limit']:g} requests a second. used: part of the limit in the steady interval; possible: what the "
        "workers can reach; window: most requests in any one second; writes, reads: calls to the rate limiter's table "
        "per request; unused: reserved slots without a request; stalls: seconds in which this machine delayed a "
        f"waking process by more than the margin of {result['margin_ms']:g} ms, and the longest delay (ms); "
        "baseline: an alternative to the rate limiter"
    )
    columns = ("run", "latency", "workers", "requests", "used", "possible")
    table = _build_table((*columns, "window", "429", "writes", "reads", "unused", "stalls"), title)
    for name, run in _named(result):
        table.add_row(name, *_cells(run))
    return table


def _named(result: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from (("steady state", run) for run in result["steady_state"])
    for run in result["limits"]:
        yield f"limit {run['limit']:g} a second, {run['uploads_a_second']:g} uploads a second", run
    yield "simultaneous start", result["simultaneous_start"]
    yield f"clock skew {result['clock_skew']['skew_ms']} ms", result["clock_skew"]
    yield "two priorities", result["priorities"]
    yield from ((f"baseline: {run['strategy']}", run) for run in result["baselines"])


def _cells(run: Mapping[str, Any]) -> list[str]:
    return [
        f"{run['latency']:g} s",
        str(run["workers"]),
        str(run["requests"]),
        _percent(run["utilization"]),
        _percent(run.get("max_utilization")),
        str(run["largest_window"]),
        str(run["refused_429"]),
        _number(run["writes_per_request"], 3),
        _number(run["reads_per_request"], 3),
        _number(run["unused_slots"], 0),
        _stalls(run),
    ]


def _build_outages(outages: Sequence[Mapping[str, Any]]) -> Table:
    table = _build_table(("outage", *(outage["mode"] for outage in outages)), "outages under a backlog")
    for name in (
        *(
            "seconds",
            "uploads",
            "unsettled_at_end",
            "requests_during",
            "outage_request_rate",
            "recovery_seconds",
            "settled_after_seconds",
        ),
        *("max_attempts", "unsettled", "lost", "dead_letters", "unused_slots", "largest_window", "load"),
    ):
        table.add_row(name.replace("_", " "), *(_number(outage[name], 1) for outage in outages))
    table.add_row("stalls", *(_stalls(outage) for outage in outages))
    return table


def _build_fresh_uploads(runs: Sequence[Mapping[str, Any]]) -> Table:
    title = "fresh uploads under a backlog: seconds beyond the service's latency until the verdict"
    columns = ("waiting", "in", "uploads", "median", "largest", "cold", "bound", "window", "load", "stalls")
    table = _build_table(columns, title)
    for run in runs:
        warm = run["warm"]
        seconds = [_number(value, 2) for value in (run["median"], max(warm), run["cold"], run["bound"])]
        end = (str(run["largest_window"]), _number(run["load"], 1), _stalls(run))
        table.add_row(str(run["messages"]), run["queue"], str(len(warm)), *seconds, *end)
    return table


def _build_priorities(run: Mapping[str, Any]) -> Table:
    table = _build_table(
        ("measured", "value"), f"{run['retries']} retries and {run['backfill']} messages of a backfill wait"
    )
    table.add_row("retries' share of the requests in their steady interval", _percent(run["retry_share"]))
    table.add_row("requests of the backfill before the last retry", str(run["backfill_requests_before"]))
    table.add_row("seconds from the last retry to the backfill", _number(run["handover_seconds"], 2))
    table.add_row("part of the limit that the backfill then uses", _percent(run["backfill_utilization"]))
    return table


def _build_goals(result: Mapping[str, Any]) -> Table:
    table = Table("goal", "bound", "measured", "missed by", title="goals")
    for goal in result["goals"]:
        by = "" if goal["reached"] else f"MISSED by {_number(goal['missed_by'], 4)}"
        table.add_row(goal["name"], goal["bound"], _number(goal["measured"], 4), by)
    return table


def _stalls(run: Mapping[str, Any]) -> str:
    return f"{run['stalls']}, {run['longest_stall_ms']:.0f}"


def _percent(value: float | None) -> str:
    return _NOT_MEASURED if value is None else f"{value:.1%}"


def _number(value: float | None, digits: int) -> str:
    return _NOT_MEASURED if value is None else f"{round(value, digits):g}"

"""All measurements of the rate, one after the other: each has the machine to itself."""

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.bench.rate import chart, fresh, goals, lanes, many_workers, outage, stalls, standing, usual_ways
from tools.bench.rate.defaults import LIMIT, MARGIN_MS, WORKERS
from tools.bench.rate.extent import FULL, QUICK, Extent

CHART = Path("build/bench/rate.svg")
APART_MS = 50
_SAID = (
    *("held", "largest_window", "refused_429", "writes_for_each", "reads_for_each", "slots_unused"),
    *("back_after", "trickle", "most_attempts", "cold", "median", "warm", "retry_share", "backfill_held", "load"),
)


def run(quick: bool) -> dict[str, Any]:
    """The result, with the goals judged. Says on standard error how far it is."""
    extent = QUICK if quick else FULL
    result: dict[str, Any] = {"quick": quick, "limit": LIMIT, "margin_ms": MARGIN_MS, "default_workers": WORKERS}
    result["standing"] = [_standing(extent, *combination) for combination in extent.combinations]
    result["usual"] = [_said(usual_ways.run, *usual, WORKERS, extent.usual_seconds) for usual in extent.usual]
    result["at_once"] = _said(many_workers.at_once, extent.many_uploads)
    result["shifted"] = _said(many_workers.shifted, extent.many_uploads, APART_MS)
    result["outages"] = [_said(outage.run, mode, *how) for mode, *how in extent.outages]
    result["fresh"] = [_said(fresh.run, *waiting) for waiting in extent.waiting]
    result["lanes"] = _said(lanes.run, *extent.lanes)
    result["goals"] = [goal.as_dict() for goal in goals.judge(result)]
    result["reached"] = all(goal["reached"] for goal in result["goals"])
    CHART.write_text(chart.draw(list(chart.panels(result)), LIMIT), encoding="utf-8")
    return result


def _standing(extent: Extent, latency: float, workers: int) -> dict[str, Any]:
    longest = math.inf if workers == WORKERS else extent.longest + 5 * latency  # for a few batches of one worker
    return _said(standing.run, extent.uploads, latency, workers, longest)


def _said(measure: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
    name = f"{measure.__module__.rpartition('.')[2]}.{measure.__name__}"
    print(f"measuring: {name}{given}", file=sys.stderr, flush=True)
    with stalls.watching() as milliseconds:
        result = measure(*given)
    _summarised(result)
    stalled = sum(stall > MARGIN_MS for stall in milliseconds)
    return result | {"stalls": stalled, "longest_stall_ms": max(milliseconds, default=0.0)}


def _summarised(result: dict[str, Any]) -> None:
    """So that a long run that is broken off has said something."""
    seen = {name: result[name] for name in _SAID if name in result}
    print(f"  {seen}", file=sys.stderr, flush=True)

"""Run all measurements of the rate one after the other, so that each has the machine to itself."""

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.bench.rate import chart, goals, stalls
from tools.bench.rate.baselines import measure_baseline
from tools.bench.rate.defaults import LIMIT, MARGIN_MS, WORKERS
from tools.bench.rate.fresh_upload_latency import measure_fresh_uploads
from tools.bench.rate.limits import measure_limit
from tools.bench.rate.many_workers import measure_clock_skew, measure_simultaneous_start
from tools.bench.rate.outage import measure_outage
from tools.bench.rate.priorities import measure_priorities
from tools.bench.rate.sizing import FULL, QUICK, Sizing
from tools.bench.rate.steady_state import measure_steady_state

CHART = Path("build/bench/rate.svg")
CLOCK_SKEW_MS = 50
_PRINTED = (
    *("utilization", "largest_window", "refused_429", "writes_per_request", "reads_per_request", "unused_slots"),
    *("recovery_seconds", "outage_request_rate", "max_attempts", "cold", "median", "warm", "retry_share"),
    *("backfill_utilization", "load"),
)


def run_rate_suite(quick: bool) -> dict[str, Any]:
    """Return all figures and the checked goals. The progress goes to standard error."""
    sizing = QUICK if quick else FULL
    result: dict[str, Any] = {"quick": quick, "limit": LIMIT, "margin_ms": MARGIN_MS, "default_workers": WORKERS}
    result["steady_state"] = [_steady_state(sizing, *combination) for combination in sizing.combinations]
    result["baselines"] = [
        _measure(measure_baseline, *baseline, WORKERS, sizing.baseline_seconds) for baseline in sizing.baselines
    ]
    result["simultaneous_start"] = _measure(measure_simultaneous_start, sizing.many_uploads)
    result["clock_skew"] = _measure(measure_clock_skew, sizing.many_uploads, CLOCK_SKEW_MS)
    result["outages"] = [_measure(measure_outage, *outage) for outage in sizing.outages]
    result["limits"] = [_measure(measure_limit, *limit) for limit in sizing.limits]
    result["fresh_uploads"] = [_measure(measure_fresh_uploads, *waiting) for waiting in sizing.waiting]
    result["priorities"] = _measure(measure_priorities, *sizing.priorities)
    result["goals"] = [goal.as_dict() for goal in goals.check_goals(result)]
    result["reached"] = all(goal["reached"] for goal in result["goals"])
    CHART.write_text(chart.render_chart(list(chart.build_panels(result)), LIMIT), encoding="utf-8")
    return result


def _steady_state(sizing: Sizing, latency: float, workers: int) -> dict[str, Any]:
    # Five latencies more leave time for a few batches of a single worker.
    seconds = math.inf if workers == WORKERS else sizing.max_seconds + 5 * latency
    return _measure(measure_steady_state, sizing.uploads, latency, workers, seconds)


def _measure(measure: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """Return the figures of one measurement, with the machine's stalls during it."""
    print(f"measuring: {measure.__name__}{arguments}", file=sys.stderr, flush=True)
    with stalls.record_stalls() as milliseconds:
        result = measure(*arguments)
    _print_summary(result)
    long_stalls = sum(stall > MARGIN_MS for stall in milliseconds)
    return result | {"stalls": long_stalls, "longest_stall_ms": max(milliseconds, default=0.0)}


def _print_summary(result: dict[str, Any]) -> None:
    """Print the main figures at once, so that an interrupted run has shown those that it measured."""
    printed = {name: result[name] for name in _PRINTED if name in result}
    print(f"  {printed}", file=sys.stderr, flush=True)

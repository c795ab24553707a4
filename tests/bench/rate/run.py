"""All measurements of the rate, one after the other: each has the machine to itself."""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.cloud import template
from local.cloud.embedded import ROOT
from tests.bench.rate import chart, fresh, goals, many_workers, outage, stalls, standing, usual_ways
from tests.bench.rate.standing import LIMIT

CHART = Path("build/bench/rate.svg")
APART_MS = 50


@dataclass(frozen=True)
class Extent:
    """How much is measured; times in seconds."""

    uploads: int
    combinations: tuple[tuple[float, int], ...]  # latency, workers
    longest: float  # with another number of workers than the template's
    usual: tuple[tuple[str, float], ...]  # way, latency
    usual_seconds: float
    many_uploads: int
    outage_uploads: int
    outage_seconds: float
    waiting: int


FULL = Extent(
    uploads=600,
    combinations=tuple((latency, workers) for latency in (0.1, 1.0, 5.0) for workers in (1, 2, 4, 8)),
    longest=40.0,
    usual=(("concurrency", 0.1), ("concurrency", 1.0), ("concurrency", 5.0), ("counter", 0.1)),
    usual_seconds=12.0,
    many_uploads=250,
    outage_uploads=600,
    outage_seconds=60.0,
    waiting=10_000,
)
QUICK = Extent(
    uploads=150,
    combinations=((0.1, 8), (5.0, 8)),
    longest=20.0,
    usual=(("concurrency", 0.1), ("counter", 0.1)),
    usual_seconds=6.0,
    many_uploads=120,
    outage_uploads=280,
    outage_seconds=10.0,
    waiting=1_000,
)


def run(quick: bool) -> dict[str, Any]:
    """The result, with the goals judged. Says on standard error how far it is."""
    extent, workers = QUICK if quick else FULL, _default_workers()
    result: dict[str, Any] = {"quick": quick, "limit": LIMIT, "default_workers": workers}
    result["standing"] = [
        _said(standing.run, extent.uploads, latency, many, math.inf if many == workers else extent.longest)
        for latency, many in extent.combinations
    ]
    result["usual"] = [_said(usual_ways.run, *usual, workers, extent.usual_seconds) for usual in extent.usual]
    result["at_once"] = _said(many_workers.at_once, extent.many_uploads)
    result["shifted"] = _said(many_workers.shifted, extent.many_uploads, APART_MS)
    result["outage"] = _said(outage.run, extent.outage_uploads, extent.outage_seconds, workers)
    result["fresh"] = _said(fresh.run, extent.waiting, workers)
    result["goals"] = [goal.as_dict() for goal in goals.judge(result)]
    result["reached"] = all(goal["reached"] for goal in result["goals"])
    CHART.write_text(chart.draw(chart.panels(result), LIMIT), encoding="utf-8")
    return result


def _default_workers() -> int:
    return int(template.load(ROOT / "template.yaml")["Parameters"]["Workers"]["Default"])


def _said(measure: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
    name = f"{measure.__module__.rpartition('.')[2]}.{measure.__name__}"
    print(f"measuring: {name}{given}", file=sys.stderr, flush=True)
    with stalls.watching() as milliseconds:
        result = measure(*given)
    _summarised(result)
    stalled = sum(stall > standing.MARGIN_MS for stall in milliseconds)
    return result | {"stalls": stalled, "longest_stall_ms": max(milliseconds, default=0.0)}


def _summarised(result: dict[str, Any]) -> None:
    """So that a long run that is broken off has said something."""
    names = ("held", "largest_window", "refused_429", "writes_for_each", "back_after", "cold", "warm", "load")
    seen = {name: result[name] for name in names if name in result}
    print(f"  {seen}", file=sys.stderr, flush=True)
